// The process log: what the gateway says of itself, one JSON line each. Requests belong in the access log, and
// no bytes of a request belong here.

export type Level = 'info' | 'warn' | 'error'

export type Fields = Readonly<Record<string, unknown>>

export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>

const levels: readonly Level[] = ['info', 'warn', 'error']

/** Writes lines at `level` and above, newline included. Never throws: a log that cannot be written is lost. */
export function createLog(options: {
  readonly level: Level
  readonly write: (line: string) => unknown
  readonly now?: () => number
}): Log {
  const { write, now = Date.now } = options
  const lowest = levels.indexOf(options.level)
  const at = (level: Level) => {
    if (levels.indexOf(level) < lowest) return () => {}
    return (message: string, fields?: Fields) => {
      try {
        write(line(now(), level, message, fields))
      } catch {
        // Nowhere is left to say so.
      }
    }
  }
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

function line(now: number, level: Level, message: string, fields: Fields | undefined): string {
  const own = { time: new Date(now).toISOString(), level, message }
  try {
    // Twice: first for the order of the keys, then so that no field can pass for the level or the message.
    return `${JSON.stringify({ ...own, ...fields, ...own })}\n`
  } catch {
    return `${JSON.stringify({ ...own, fields: 'not JSON' })}\n`
  }
}
