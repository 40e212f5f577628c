// Where rules are read from: the disk, or what somebody else read of it. A worker that starts in the middle of an edit
// gets the bytes that are in force, not those that lie on the disk by then. Understands none of them.
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs'

/** All throw as node:fs does, an error with a `code`. */
export type Files = {
  /** Names in a folder; undefined for what is none. */
  readonly list: (path: string) => readonly string[] | undefined
  /** Undefined for a file of more than `most` bytes. */
  readonly read: (path: string, most: number) => Buffer | undefined
}

/** The code of what they throw: ENOENT and the like. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

export const disk: Files = {
  list: path => (statSync(path).isDirectory() ? readdirSync(path) : undefined),
  read: (path, most) => read(path, most, inherited.test(path))
}

/** The bytes of a regular file, undefined for more than `most`. It waits for nobody, and throws as node:fs does. */
export function readRegular(path: string, most: number): Buffer | undefined {
  return read(path, most, false)
}

function read(path: string, most: number, handed: boolean): Buffer | undefined {
  // Not to wait for whoever writes to a pipe, for nothing else would happen meanwhile.
  const file = openSync(path, handed ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const kind = fstatSync(file)
    // To read a folder is an error that says so.
    if (!kind.isFile() && !kind.isDirectory() && !(handed && kind.isFIFO()))
      throw Object.assign(new Error('no bytes to read'), { code: 'not a regular file' })
    return bytesOf(file, most)
  } finally {
    closeSync(file)
  }
}

/** A pipe of whoever started this process ends with what is written there: `tracebridge check /dev/stdin`. */
const inherited = /^\/(?:dev\/stdin|dev\/fd\/\d{1,9}|proc\/self\/fd\/\d{1,9})$/

const chunkSize = 64 * 1024

/** The size that a file says is not asked: that of /dev/zero is 0, and others grow. */
function bytesOf(file: number, most: number): Buffer | undefined {
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(chunkSize)
    const read = readSync(file, chunk)
    if (read === 0) return Buffer.concat(chunks, length)
    length += read
    if (length > most) return undefined
    chunks.push(chunk.subarray(0, read))
  }
}

/** What came of each question, by `list` or `read` and the path. It can be sent to another process. */
export type Snapshot = ReadonlyMap<string, Seen>

type Seen =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'error'; readonly code: string }

/** Reads as `files` does, and keeps what came of it in `snapshot`. */
export function recorded(files: Files): { readonly files: Files; readonly snapshot: Snapshot } {
  const snapshot = new Map<string, Seen>()
  function keep<T>(key: string, ask: () => T, seen: (value: T) => Seen): T {
    try {
      const value = ask()
      snapshot.set(key, seen(value))
      return value
    } catch (error) {
      snapshot.set(key, { kind: 'error', code: codeOf(error) })
      throw error
    }
  }
  return {
    snapshot,
    files: {
      list: path =>
        keep(
          `list ${path}`,
          () => files.list(path),
          names => (names === undefined ? { kind: 'none' } : { kind: 'names', names })
        ),
      read: (path, most) =>
        keep(
          `read ${path}`,
          () => files.read(path, most),
          bytes => (bytes === undefined ? { kind: 'none' } : { kind: 'bytes', bytes })
        )
    }
  }
}

/** Reads what was recorded, and nothing else. */
export function replayed(snapshot: Snapshot): Files {
  const seen = (key: string): Seen => {
    const one = snapshot.get(key) ?? { kind: 'error', code: 'ENOENT' }
    if (one.kind === 'error') throw Object.assign(new Error(one.code), { code: one.code })
    return one
  }
  return {
    list: path => {
      const one = seen(`list ${path}`)
      return one.kind === 'names' ? one.names : undefined
    },
    read: path => {
      const one = seen(`read ${path}`)
      return one.kind === 'bytes' ? Buffer.from(one.bytes) : undefined
    }
  }
}
