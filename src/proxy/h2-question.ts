// A request on a stream of HTTP/2, in the shape that exchanges know from node:http. What it says is judged in
// h2-request.ts; it must not know what becomes of it.
import type { IncomingHttpHeaders } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { fieldOf, type RawFields } from './fields.ts'
import type { StreamRequest } from './h2-request.ts'
import type { Question } from './sides.ts'

/** A resource: it lives as long as its stream, and takes its body only as somebody reads. */
export class StreamQuestion extends Readable implements Question {
  readonly #stream: ServerHttp2Stream
  #flows = false

  readonly httpVersion = '2'
  readonly method: string
  readonly url: string
  readonly rawHeaders: string[]
  readonly headers: IncomingHttpHeaders
  readonly socket: Question['socket']
  complete: boolean
  received = 0
  rawTrailers: string[] = []

  /** `whole` when it has no body. */
  constructor(stream: ServerHttp2Stream, socket: Socket, asked: StreamRequest, whole: boolean) {
    super({ autoDestroy: false })
    this.#stream = stream
    this.socket = socket
    this.method = asked.method
    this.url = asked.path
    this.rawHeaders = asked.fields
    this.headers = framingOf(asked.fields, whole)
    this.complete = whole
    if (whole) {
      this.push(null)
      return
    }
    // No error: who reads it learns that it ends too early, and nobody else has to listen.
    stream.once('close', () => this.complete || this.destroy())
    stream.once('trailers', (_fields, _flags, raw) => {
      this.rawTrailers = raw
    })
  }

  override _read(): void {
    if (this.complete) return
    if (this.#flows) return void this.#stream.resume()
    this.#flows = true
    this.#stream.on('data', (chunk: Buffer) => {
      this.received += chunk.length
      if (!this.push(chunk)) this.#stream.pause()
    })
    this.#stream.once('end', () => {
      // A stream that was reset ends as well.
      if (this.#stream.aborted || this.#stream.rstCode !== 0) return
      this.complete = true
      this.push(null)
    })
  }
}

/** What HTTP/1 would have said of the body. */
function framingOf(fields: RawFields, whole: boolean): IncomingHttpHeaders {
  const length = fieldOf(fields, 'content-length')
  if (length !== undefined) return { 'content-length': length }
  return whole ? {} : { 'transfer-encoding': 'chunked' }
}
