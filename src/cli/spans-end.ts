// Why `tracebridge spans` ends before the log does, and with what code. It reads nothing itself.
import type { SpansIo } from './io.ts'

export type End = {
  /** Aborts when there is no use in reading on. */
  readonly signal: AbortSignal
  /** The same stdout; a failure of it is final. */
  readonly watched: (stdout: SpansIo['writeStdout']) => SpansIo['writeStdout']
  /** The code of the first failure of stdout. */
  readonly failed: () => string | undefined
}

export function createEnd(interrupted: AbortSignal): End {
  const failing = new AbortController()
  let failed: string | undefined
  return {
    signal: AbortSignal.any([interrupted, failing.signal]),
    watched: stdout => (bytes, done) =>
      stdout(bytes, error => {
        done(error)
        if (error === undefined || error === null) return
        failed ??= reasonOf(error)
        failing.abort()
      }),
    failed: () => failed
  }
}

/** The exit code; says why the log was not read to its end. `whole`: no span was lost. */
export function codeOf(end: End, whole: boolean, say: (text: string) => void): number {
  const failed = end.failed()
  if (failed !== undefined) {
    say(`tracebridge spans: stdout takes no more (${failed}); the rest of the log was not read\n`)
    // Who pipes into head has what was wanted.
    return failed === 'EPIPE' ? 0 : 4
  }
  if (end.signal.aborted) {
    say('tracebridge spans: interrupted; the rest of the log was not read\n')
    return 130
  }
  return whole ? 0 : 4
}

/** ENOENT and the like. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
