// The body of a request on its way to an upstream of HTTP/1. Must not read answers.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { Strip } from '../mediate/policy.ts'
import { pass } from './bulk.ts'
import type { Framing } from './h1-header.ts'
import { trailersBehind } from './request-trailers.ts'
import { errors } from './undici.ts'

export type Sending = {
  /** Sends no more; what has arrived stays unread. */
  readonly stop: () => void
}

/**
 * Begins at once. `done` is called when all is handed over; `broken` when the caller sends no more, or another number of
 * bytes than was announced: a clean end would have the upstream take a part for the whole.
 */
export function sendBody(
  body: Readable,
  framing: Framing,
  strip: Strip,
  socket: Socket,
  done: () => void,
  broken: (error: Error) => void
): Sending {
  const chunked = framing === 'chunked'
  let left = chunked ? 0 : Number(framing)
  let over = false

  function take(chunk: Buffer): void {
    // Who listened before may have stopped it.
    if (over) return
    pass(chunk.length)
    if (!chunked) {
      left -= chunk.length
      if (left < 0) return fail(new errors.RequestContentLengthMismatchError())
      if (!socket.write(chunk)) body.pause()
      return
    }
    // https://www.rfc-editor.org/rfc/rfc9112#section-7.1: one of none would be the last
    if (chunk.length === 0) return
    socket.cork()
    socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
    socket.write(chunk)
    if (!socket.write('\r\n', 'latin1')) body.pause()
    socket.uncork()
  }

  function finish(): void {
    stop()
    if (left !== 0) return broken(new errors.RequestContentLengthMismatchError())
    if (chunked) socket.write(`0\r\n${trailerSection(trailersBehind(body, strip))}\r\n`, 'latin1')
    done()
  }

  function goOn(): void {
    body.resume()
  }

  function closed(): void {
    fail(new errors.RequestAbortedError())
  }

  function fail(error: Error): void {
    stop()
    broken(error)
  }

  function stop(): void {
    over = true
    body.off('data', take)
    body.off('end', finish)
    body.off('close', closed)
    socket.off('drain', goOn)
    body.pause()
  }

  socket.on('drain', goOn)
  body.on('end', finish)
  body.on('close', closed)
  body.on('data', take)
  // It may have been held, for others to listen as well.
  body.resume()
  return { stop }
}

// https://www.rfc-editor.org/rfc/rfc9112#section-5
const field = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*$/

function trailerSection(trailers: readonly (readonly [string, string])[]): string {
  let section = ''
  for (const [name, value] of trailers) {
    const line = `${name}: ${value}`
    if (field.test(line)) section += `${line}\r\n`
  }
  return section
}
