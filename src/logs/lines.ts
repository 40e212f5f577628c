// Lines of a file of any size, one at a time, bounded: what is longer than a line of a log is none.
import { createReadStream } from 'node:fs'
import { addAbortSignal, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Bytes; headers that a log may hold are shorter. */
const longest = 256 * 1024
const lineFeed = 10

/** `text` is undefined for a line that is too long. `number` counts from 1, `bytes` is what was read of a file by then. */
export type Line = { readonly number: number; readonly text: string | undefined; readonly bytes: number }

/**
 * A file, gunzipped where its name ends in .gz, or standard input for `-`. Rejects as node:fs does, and when `signal`
 * aborts: who waits for a pipe's next line would not hear of it otherwise.
 */
export async function* linesOf(path: string, stdin: Readable, signal: AbortSignal): AsyncGenerator<Line> {
  const opened = path === '-' ? undefined : createReadStream(path)
  const file: Readable = addAbortSignal(signal, opened ?? stdin)
  const source = path.endsWith('.gz') ? piped(file) : file
  let held: Buffer[] = []
  let length = 0
  let number = 0
  const line = (end: Buffer): Line => {
    const whole = held.length === 0 ? end : Buffer.concat([...held, end])
    const tooLong = length + end.length > longest
    held = []
    length = 0
    number++
    return {
      number,
      text: tooLong ? undefined : whole.toString('utf8').replace(/\r$/, ''),
      bytes: opened?.bytesRead ?? 0
    }
  }
  for await (const chunk of source) {
    if (!Buffer.isBuffer(chunk)) continue
    let from = 0
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
      yield line(chunk.subarray(from, at))
      from = at + 1
    }
    const rest = chunk.subarray(from)
    length += rest.length
    // Of a line that is too long only its length is kept.
    if (length <= longest) held.push(rest)
    else held = []
  }
  if (length > 0) yield line(Buffer.alloc(0))
}

function piped(file: Readable): Readable {
  const gunzip = createGunzip()
  file.on('error', error => gunzip.destroy(error))
  return file.pipe(gunzip)
}
