// An answer on a stream of HTTP/2, in the shape that exchanges know from node:http. It sends what it is given and
// decides nothing.
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { RawFields } from './fields.ts'
import type { Answer, Question } from './sides.ts'
import { tailOf } from './trailers.ts'

/** Milliseconds that the rest of a body has to come, once its answer is out. */
const lull = 100

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

/** A resource: it lives as long as its stream. */
export class StreamAnswer implements Answer {
  readonly #stream: ServerHttp2Stream
  readonly #question: Question
  /** Given and not sent yet. */
  #head: string[] | undefined
  #tail: Record<string, string[]> = {}
  #ended = false
  #cut = false

  readonly socket: Socket
  shouldKeepAlive = true
  headersSent = false

  constructor(stream: ServerHttp2Stream, question: Question) {
    this.#stream = stream
    this.#question = question
    this.socket = question.socket
    stream.on('wantTrailers', () => this.#finish())
  }

  get destroyed(): boolean {
    return this.#gone()
  }
  get writableEnded(): boolean {
    return this.#ended
  }
  get writableFinished(): boolean {
    return this.#ended && !this.#cut && this.#stream.writableFinished && !this.#stream.aborted
  }
  /** It was cut from here: not the caller's doing. */
  get cut(): boolean {
    return this.#cut
  }

  writeContinue(): void {
    this.#interim({ ':status': 100 })
  }

  hint(links: string[]): void {
    this.#interim({ ':status': 103, link: links })
  }

  #interim(fields: Record<string, number | string[]>): void {
    if (this.#gone() || this.headersSent) return
    this.#stream.additionalHeaders(fields)
  }

  writeHead(status: number, _phrase: string, fields: RawFields): void {
    this.headersSent = true
    this.#head = [':status', String(status)]
    for (let i = 0; i < fields.length; i += 2) {
      const name = (fields[i] ?? '').toLowerCase()
      if (!ofHttp1.has(name)) this.#head.push(name, fields[i + 1] ?? '')
    }
  }

  flushHeaders(): void {
    this.#begin(false)
  }

  write(chunk: Buffer | ''): boolean {
    this.#begin(false)
    return this.#gone() || this.#stream.write(chunk)
  }

  addTrailers(trailers: [string, string][]): void {
    this.#tail = tailOf(trailers)
  }

  end(body = ''): void {
    if (this.#ended) return
    this.#ended = true
    const whole = this.#head !== undefined && body === '' && Object.keys(this.#tail).length === 0
    this.#begin(whole)
    if (this.#gone()) return
    // With HEAD, 204 and 304 it has ended by itself.
    if (!this.#stream.writableEnded) this.#stream.end(body)
    if (whole) this.#stream.once('finish', () => this.#release())
  }

  /** Trailers stand for the end of the stream, so that nothing ends it cleanly but this. */
  #finish(): void {
    if (this.#cut || this.#gone()) return
    try {
      this.#stream.sendTrailers(this.#tail)
    } catch {
      return this.reset(NGHTTP2_INTERNAL_ERROR)
    }
    this.#release()
  }

  /** A body that nobody waits for any more: https://www.rfc-editor.org/rfc/rfc9113#section-8.1 */
  #release(): void {
    if (this.#question.complete || this.#gone()) return
    // Most are complete in a moment.
    this.#question.resume()
    setTimeout(() => {
      if (this.#question.complete || this.#gone()) return
      // What is queued behind it goes out first, but the end of this stream would overtake its own answer.
      if ((this.#stream.session?.state.outboundQueueSize ?? 0) > 0) this.#release()
      else this.#stream.close(NGHTTP2_NO_ERROR)
    }, lull).unref()
  }

  destroy(): void {
    this.reset(NGHTTP2_INTERNAL_ERROR)
  }

  reset(code: number): void {
    if (this.#gone()) return
    this.#cut = true
    // Before its header there is no way to say why.
    if (this.#stream.headersSent) this.#stream.close(code)
    else this.#stream.destroy(new Error('an answer was cut'))
  }

  on(_: 'close', listener: () => void): void {
    this.#stream.on('close', listener)
  }

  once(_: 'drain', listener: () => void): void {
    this.#stream.once('drain', listener)
  }

  #begin(whole: boolean): void {
    const head = this.#head
    if (head === undefined || this.#gone()) return
    this.#head = undefined
    try {
      this.#stream.respond(head, { endStream: whole, waitForTrailers: !whole })
    } catch {
      // What HTTP/1 allows and HTTP/2 does not; nobody up the stack could say it better.
      this.reset(NGHTTP2_INTERNAL_ERROR)
    }
  }

  #gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2 */
const ofHttp1: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te'
])
