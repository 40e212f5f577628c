// Writes lines for the access log: gathered, then written off the event loop's path, never awaited by a request.
// It holds a bounded amount, and counts what it had to let go; it must not throw, whatever becomes of the pipe.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import sonic from 'sonic-boom'
import type { Log } from './log.ts'

export type Lines = {
  /** One line, newline included. */
  readonly write: (line: string) => void
  /** Opens the file anew, after a log rotation; nothing to do for stdout and stderr. */
  readonly reopen: () => void
  /** `lost`: lines that had no room, or nowhere to go. `errors`: failed opens and writes. */
  readonly counts: () => { readonly lines: number; readonly lost: number; readonly errors: number }
  /** Writes what is there, for `deadlineMs` at most. Always resolves. */
  readonly close: (deadlineMs?: number) => Promise<void>
}

const flushMs = 100
// One write of a pipe's usual depth; gathered here because sonic-boom measures its whole buffer at every write.
const gather = 16 * 1024
const held = 4 * 1024 * 1024
/** What a pipe takes whole or not at all. https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/limits.h.html */
const pipeBytes = 4096

/**
 * `to` is `stdout`, `stderr`, `none`, or a path. Where others write to the same, `shared`, each write is of whole lines
 * that a pipe takes at once.
 */
export function createLines(to: string, log?: Log, shared = false): Lines {
  let lines = 0
  let lost = 0
  let errors = 0
  let complained = false
  let pending = ''
  let gathered = 0
  let timer: NodeJS.Timeout | undefined
  let file: sonic.SonicBoom | undefined
  let opening: Promise<void> | undefined
  let closed = to === 'none'

  const failed = (error: NodeJS.ErrnoException) => {
    errors++
    if (complained) return
    complained = true
    log?.warn('the access log cannot be written', { to, code: error.code ?? 'unknown' })
  }

  const open = (): sonic.SonicBoom => {
    const dest = to === 'stdout' ? 1 : to === 'stderr' ? 2 : to
    const opened = new sonic.SonicBoom({
      dest,
      sync: false,
      append: true,
      mkdir: true,
      maxLength: held,
      ...(shared ? { maxWrite: pipeBytes } : {})
    })
    opened.on('error', failed)
    opened.on('drop', (text: string) => {
      lost += count(text)
    })
    return opened
  }

  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    // Until it is known whether there is a file, lines wait here.
    if (gathered === 0 || (file === undefined && opening !== undefined && pending.length < held)) return
    const text = pending
    const number = gathered
    pending = ''
    gathered = 0
    try {
      if (file === undefined) lost += number
      else if (!shared) file.write(text)
      else for (const line of text.split(/(?<=\n)/)) file.write(line)
    } catch {
      lost += number
    }
  }

  // sonic-boom's own reopen() closes the wrong descriptor after an open that failed: a fresh one takes over
  // when, and only when, its file is open.
  const take = (next: sonic.SonicBoom) => {
    complained = false
    if (closed && file !== undefined) {
      next.destroy()
      return
    }
    if (file !== undefined) {
      flush()
      file.end()
    }
    file = next
    flush()
  }
  const swap = () => {
    const next = open()
    const known: Promise<void> = once(next, 'ready')
      .then(
        () => take(next),
        () => {}
      )
      .then(() => {
        if (opening === known) opening = undefined
        flush()
      })
    opening = known
  }
  if (!closed) swap()

  return {
    write: line => {
      if (closed) return
      lines++
      pending += line
      gathered++
      if (pending.length >= gather) flush()
      else timer ??= setTimeout(flush, flushMs).unref()
    },
    reopen: () => {
      if (!closed && to !== 'stdout' && to !== 'stderr') swap()
    },
    counts: () => ({ lines, lost, errors }),
    close: async (deadlineMs = 2000) => {
      if (closed) return
      closed = true
      if (opening !== undefined) await Promise.race([opening, sleep(deadlineMs, undefined, { ref: false })])
      flush()
      if (file !== undefined) await end(file, deadlineMs)
    }
  }
}

function count(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

function end(file: sonic.SonicBoom, deadlineMs: number): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      file.destroy()
      resolve()
    }
    const timer = setTimeout(done, deadlineMs)
    file.once('close', done)
    file.once('error', done)
    file.end()
  })
}
