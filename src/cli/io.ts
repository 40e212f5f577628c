// What a command may touch of the world around it; main.ts hands in the real one, tests their own.
import type { Readable } from 'node:stream'

export type Io = {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What spans needs beside text: bytes to stdout, and what is piped in. */
export type SpansIo = Io & {
  readonly writeStdout: (bytes: Buffer, done: (error?: Error | null) => void) => unknown
  readonly stdin: Readable
}
