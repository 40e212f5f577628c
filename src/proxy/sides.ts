// The caller's side of a request, as exchanges need it: node:http gives it for HTTP/1, h2-question.ts and h2-answer.ts
// for a stream of HTTP/2. Types alone.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** A stream of HTTP/2 tells of itself what HTTP/1 would have said: Host, and of a body of unknown length, chunked. */
export type Question = Readable &
  Pick<
    IncomingMessage,
    'rawHeaders' | 'headers' | 'method' | 'url' | 'httpVersion' | 'complete' | 'socket'
  > & {
    /** Bytes of the body so far, of a stream alone: it shares its connection. */
    readonly received?: number
  }

export type Answer = {
  readonly destroyed: boolean
  readonly headersSent: boolean
  readonly writableEnded: boolean
  /** All of it was handed to the system. */
  readonly writableFinished: boolean
  readonly socket: Socket | null
  /** False to end the connection behind this answer; of no effect on a stream. */
  shouldKeepAlive: boolean
  /** 100; only before `writeHead`. */
  readonly writeContinue: () => void
  readonly writeHead: (status: number, phrase: string, fields: string[]) => unknown
  readonly flushHeaders: () => void
  /** False to ask for a pause, until `drain`. */
  readonly write: ((chunk: Buffer) => boolean) & ((nothing: '', encoding: 'latin1') => boolean)
  /** Before `end`; kept from callers where their protocol has no room for it. */
  readonly addTrailers: (trailers: [string, string][]) => void
  readonly end: ((body?: string) => unknown) & ((body: string, encoding: 'latin1') => unknown)
  readonly destroy: () => unknown
  /** Of a stream alone: ends it with this code, so that nobody takes the answer for whole. */
  readonly reset?: (code: number) => void
  /** Of a stream alone: 103 with these values of Link, before `writeHead`. */
  readonly hint?: (links: string[]) => void
  /** Of HTTP/1 alone. */
  readonly detachSocket?: (socket: Socket) => void
  readonly emit?: (event: 'close') => boolean
  readonly on: (event: 'close', listener: () => void) => unknown
  readonly once: (event: 'drain', listener: () => void) => unknown
}
