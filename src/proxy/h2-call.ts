// One request on a stream of HTTP/2 to an upstream, told of to whoever waits for its answer. It must not choose
// connections (h2-pool.ts), and ends nothing cleanly that did not end so.

import { STATUS_CODES } from 'node:http'
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader
} from 'node:http2'
import { constants } from 'node:http2'
import type { Readable } from 'node:stream'
import type { RawFields } from './fields.ts'
import type { Lane } from './h2-lane.ts'
import type { Control, Recipient, Sent } from './recipient.ts'
import { mayTrail, trailersBehind } from './request-trailers.ts'
import { tailOf } from './trailers.ts'
import { errors } from './undici.ts'

type ResponseHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader

const {
  NGHTTP2_CANCEL,
  NGHTTP2_ENHANCE_YOUR_CALM,
  NGHTTP2_FLAG_END_STREAM,
  NGHTTP2_INTERNAL_ERROR,
  NGHTTP2_NO_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_REFUSED_STREAM
} = constants

/** Whom a request waits for that has no connection yet. */
export type StreamQueue = { readonly leave: (call: StreamCall) => void }

/** A resource: it lives from its dispatch to the end of its answer. */
export class StreamCall implements Control {
  readonly #sent: Sent
  readonly #recipient: Recipient
  readonly #queue: StreamQueue
  readonly #canceller = new AbortController()
  #lane: Lane | undefined
  #stream: ClientHttp2Stream | undefined
  #over = false
  /** The upstream has said that this is all: with its header, its last bytes or its trailers. */
  #ended = false
  /** The whole connection was over when the stream ended. */
  #lost: boolean | undefined
  #left: number | undefined
  /** The header of the answer is here. */
  #answered = false
  #trailers: RawFields = []

  constructor(sent: Sent, recipient: Recipient, queue: StreamQueue) {
    this.#sent = sent
    this.#recipient = recipient
    this.#queue = queue
  }

  /** Nobody wants its answer any more. */
  get over(): boolean {
    return this.#over
  }

  /**
   * `origin` for what a request without Host goes to; `done` is called once, when the stream is gone. False where there
   * is none.
   */
  start(lane: Lane, origin: URL, done: () => void): boolean {
    const { body, fields: sent } = this.#sent
    const { signal } = this.#canceller
    this.#lane = lane
    this.#recipient.carrier = lane
    this.#tell(() => this.#recipient.onRequestStart(this))
    if (this.#over) return false
    let stream: ClientHttp2Stream
    const waitForTrailers = body !== null && mayTrail(sent)
    try {
      stream = lane.session.request(headerOf(this.#sent, origin), {
        endStream: body === null,
        waitForTrailers,
        signal
      })
    } catch (error) {
      this.fail(new errors.InvalidArgumentError(String(error)))
      return false
    }
    this.#stream = stream
    this.#watch(stream, lane)
    stream.once('close', () => {
      done()
      this.#closed(stream)
    })
    stream.on('error', error => this.fail(this.#causeOf(stream, error)))
    stream.on('headers', (fields, _, raw) => this.#begin(fields, raw))
    stream.once('response', (fields, flags, raw) => {
      this.#ended = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
      this.#left = lengthOf(this.#sent.method, fields)
      this.#begin(fields, raw)
      // At once: gRPC tells an answer that is all header by its having no other frame.
      if (this.#ended) this.#finish(stream)
      if (this.#over) return void stream.resume()
      stream.on('data', (chunk: Buffer) => {
        if (this.#left !== undefined) this.#left -= chunk.length
        if (!this.#over) this.#recipient.onResponseData(this, chunk)
      })
    })
    stream.once('trailers', (...[, , raw]) => {
      this.#ended = true
      this.#trailers = raw
    })
    stream.once('end', () => this.#finish(stream))
    if (body !== null) this.#send(body, stream)
    return true
  }

  /**
   * Node ends the reading of a stream that was reset, with whatever code, as it does that of a whole one: only that it is
   * closed by then tells them apart. https://www.rfc-editor.org/rfc/rfc9113#section-8.1
   */
  #watch(stream: ClientHttp2Stream, { session }: Lane): void {
    const { push } = stream
    stream.push = (chunk, encoding) => {
      if (chunk === null && stream.closed) this.#lost ??= isLost(session)
      else if (chunk === null) this.#ended = true
      return push.call(stream, chunk, encoding)
    }
  }

  #send(body: Readable, stream: ClientHttp2Stream): void {
    body.pipe(stream)
    // Only where it may have some; the stream ends with them.
    stream.once('wantTrailers', () => this.#trail(body, stream))
    body.once('close', () => {
      // Without this the upstream would wait for the rest; with a clean end it would take a part for the whole.
      if (!body.readableEnded && !this.#over) this.abort(new errors.RequestAbortedError())
    })
  }

  #trail(body: Readable, stream: ClientHttp2Stream): void {
    if (stream.destroyed || stream.closed) return
    try {
      stream.sendTrailers(tailOf(trailersBehind(body, this.#sent.strip)))
    } catch {
      // What HTTP/1 allows and HTTP/2 does not.
      this.abort(new errors.InvalidArgumentError('trailers that cannot be sent'))
    }
  }

  #begin(fields: ResponseHeaders, raw: RawFields): void {
    if (this.#over) return
    this.#recipient.onResponseStarted()
    const status = Number(fields[':status'])
    this.#answered = true
    const own = raw.filter((_, index) => raw[index - (index % 2)] !== ':status')
    this.#tell(() => this.#recipient.onResponseStart(this, status, own, STATUS_CODES[status] ?? ''))
  }

  /** What a handler throws ends its request alone. */
  #tell(what: () => void): void {
    try {
      what()
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** There is no more to read. */
  #finish(stream: ClientHttp2Stream): void {
    if (this.#over || !this.#answered) return
    if (!this.#ended) return this.fail(this.#causeOf(stream))
    if ((this.#left ?? 0) !== 0) return this.fail(new errors.ResponseContentLengthMismatchError())
    this.#end()
    this.#tell(() => this.#recipient.onResponseEnd(this.#trailers))
    // The upstream has said all, whatever else it would have been told.
    if (stream.writableEnded) return
    this.#cancel()
    // Its caller may take the answer only once it has sent all.
    this.#sent.body?.resume()
  }

  #closed(stream: ClientHttp2Stream): void {
    if (!this.#over) this.fail(this.#causeOf(stream))
  }

  #causeOf(stream: ClientHttp2Stream, error?: Error): Error {
    const { rstCode = NGHTTP2_NO_ERROR, id = 0 } = stream
    // https://www.rfc-editor.org/rfc/rfc9113#section-8.7
    const refused = rstCode === NGHTTP2_REFUSED_STREAM || id > (this.#lane?.last ?? id)
    // Who has begun to answer has not refused, and its caller must not take it for that.
    if (refused) return reset(this.#answered ? NGHTTP2_INTERNAL_ERROR : NGHTTP2_REFUSED_STREAM)
    const cause = error?.cause instanceof Error ? error.cause : error
    // Of the system: the connection itself.
    if (cause !== undefined && 'syscall' in cause) return cause
    if (this.#lost ?? (this.#lane !== undefined && isLost(this.#lane.session)))
      return new errors.SocketError('the connection has ended')
    if (rstCode === NGHTTP2_PROTOCOL_ERROR)
      return new errors.HTTPParserError('an answer that is not valid HTTP/2')
    // What Node itself says of a header beyond its limit.
    if (rstCode === NGHTTP2_ENHANCE_YOUR_CALM && !this.#answered) return new errors.HeadersOverflowError()
    // No error, amid an answer, would look whole to a caller.
    return reset(rstCode === NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : rstCode)
  }

  #end(): void {
    this.#over = true
    if (this.#stream !== undefined) this.#sent.body?.unpipe(this.#stream)
  }

  /** Before the stream or after. */
  fail(error: Error): void {
    if (this.#over) return
    this.#end()
    this.#recipient.onResponseError(error)
  }

  #cancel(): void {
    // `close` would end the request cleanly first, and its upstream take it for whole.
    if (this.#stream?.writableEnded === true) this.#stream.close(NGHTTP2_CANCEL)
    else this.#canceller.abort()
  }

  abort(reason: Error): void {
    if (this.#over) return
    if (this.#lane === undefined) this.#queue.leave(this)
    this.fail(reason)
    this.#cancel()
  }

  pause(): void {
    this.#stream?.pause()
  }

  resume(): void {
    this.#stream?.resume()
  }
}

/** Fields that are of HTTP/1, or that HTTP/2 has another place for. */
const elsewhere: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings'
])

function headerOf({ method, path, fields }: Sent, origin: URL): string[] {
  const header = [
    ':method',
    method,
    ':scheme',
    origin.protocol.slice(0, -1),
    ':authority',
    origin.host,
    ':path',
    path
  ]
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase()
    const value = fields[i + 1] ?? ''
    if (name === 'host') header[5] = value
    else if (!elsewhere.has(name)) header.push(name, value)
  }
  return header
}

/** Bytes of body that an answer says it has; undefined where it says nothing, or has none. */
function lengthOf(method: string, fields: ResponseHeaders): number | undefined {
  const length = fields['content-length']
  const status = fields[':status']
  if (length === undefined || method === 'HEAD' || status === 204 || status === 304) return undefined
  return Number(length)
}

/** Nothing comes on it any more, of whatever stream. */
function isLost({ destroyed, socket }: ClientHttp2Session): boolean {
  return destroyed || socket === undefined || socket.destroyed
}

/** An error of undici's kinds, for one table of failures: the upstream has ended the stream alone. */
function reset(resetCode: number): Error {
  return Object.assign(new errors.SocketError(`the stream was ended with code ${resetCode}`), { resetCode })
}

/** The upstream says that it did not begin with the request. https://www.rfc-editor.org/rfc/rfc9113#section-8.7 */
export function wasRefused(error: Error): boolean {
  return resetCodeOf(error) === NGHTTP2_REFUSED_STREAM
}

/** The code of HTTP/2 behind an error; undefined where the upstream gave none. */
export function resetCodeOf(error: Error): number | undefined {
  return 'resetCode' in error && typeof error.resetCode === 'number' ? error.resetCode : undefined
}
