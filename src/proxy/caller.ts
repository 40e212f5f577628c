// The caller's side of an exchange: what it asks, and all that goes back to it. It must not know routes, traces or
// upstreams.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Door } from './door.ts'
import type { Failure } from './failure.ts'
import { fieldOf, type RawFields } from './fields.ts'
import type { Gateway } from './gateway.ts'
import { statusOf } from './grpc-deadline.ts'
import { sendHints, waits } from './hints.ts'
import { linger } from './parting.ts'
import type { Control } from './recipient.ts'
import { Reply } from './reply.ts'
import { phraseOf } from './respond.ts'
import type { Answer, Question } from './sides.ts'
import type { Flow } from './stall.ts'
import { hasBody, plainAddress, type RequestTarget, targetOf } from './target.ts'
import { trailersOf, wantsTrailers } from './trailers.ts'
import { plainTarget } from './validity.ts'

const none: [string, string][] = []

/** A resource: it lives from the request's header to the end of its answer. */
export class Caller {
  readonly request: Question
  /** It asks for WebSocket. */
  readonly upgrading: boolean
  readonly scheme: 'http' | 'https'
  /** What its verified certificate calls it. */
  readonly identities: readonly string[]
  /** Whose socket it is: who that speaks for is another matter (standing.ts). */
  readonly address: string
  /** In origin-form. */
  readonly url: string
  readonly target: RequestTarget
  readonly userAgent: string | undefined
  readonly #gateway: Gateway
  readonly #response: Answer
  readonly #reply: Reply
  #continued = false

  /** From here on the gateway's reader speaks of this request. */
  constructor(gateway: Gateway, door: Door, request: Question, response: Answer, upgrading: boolean) {
    const { method = '', url = '', rawHeaders, socket } = request
    this.#gateway = gateway
    this.#response = response
    this.#reply = new Reply(response, method)
    this.request = request
    this.upgrading = upgrading
    this.scheme = door.scheme
    this.identities = door.identitiesOf(socket)
    this.address = plainAddress(socket.remoteAddress ?? '')
    gateway.reader.load(rawHeaders)
    const { read } = gateway.reader
    this.url = plainTarget(method, url, read('host'))
    this.target = targetOf(method, this.url, read)
    this.userAgent = read('user-agent')
  }

  get httpVersion(): string {
    return this.request.httpVersion
  }
  /** Of the body of its answer. */
  get bytes(): number {
    return this.#reply.bytes
  }
  /** After an upgrade, which its tunnel counts. */
  set bytes(bytes: number) {
    this.#reply.bytes = bytes
  }
  /** The header of an answer has gone to it. */
  get answered(): boolean {
    return this.#reply.begun
  }
  /** It was handed all of its answer. */
  get served(): boolean {
    return this.#response.writableFinished
  }

  /** How far it has come, after so many attempts at upstreams. */
  flow(attempts: number): Flow {
    const { request } = this
    return {
      arrived: request.complete,
      received: request.received ?? request.socket?.bytesRead,
      held: request.readableLength > 0,
      attempts,
      answered: this.#reply.begun,
      sent: this.bytes,
      ended: this.#response.writableEnded,
      full: this.#reply.full
    }
  }

  /** Somebody will read the body: who waits for that is told, once. */
  continue(): void {
    if (this.#continued || !hasBody(this.request)) return
    this.#continued = true
    const { rawHeaders, complete } = this.request
    if (complete) return
    if (waits(this.httpVersion, fieldOf(rawHeaders, 'expect'))) this.#response.writeContinue()
  }

  hint(links: string[]): void {
    if (this.httpVersion !== '1.0') sendHints(this.#response, links)
  }

  /** The header of an answer whose body comes by and by. */
  begin(status: number, phrase: string, fields: string[]): void {
    this.#endConnection()
    this.#reply.begin(status, phraseOf(phrase), fields)
  }

  data(chunk: Buffer, control: Control): void {
    this.#reply.data(chunk, control)
  }

  finish(trailers: RawFields): void {
    const wanted = trailers.length > 0 && wantsTrailers(this.request.rawHeaders)
    this.#reply.finish(wanted ? trailersOf(trailers) : none)
  }

  /** An answer from here, whole. */
  answer(status: number, fields: string[], body: string): void {
    if (body !== '') fields.push('Content-Length', String(Buffer.byteLength(body)))
    this.#endConnection()
    this.#reply.answer(status, STATUS_CODES[status] ?? '', fields, body)
  }

  /** Ends an answer that has begun so that nobody takes it for whole; `code` is what an upstream ended its stream with. */
  cut(failure: Failure, code: number | undefined): void {
    if (failure.grpc !== undefined) this.#reply.finish(statusOf(failure))
    else this.#reply.cut(this.httpVersion, this.scheme, code)
  }

  /** Its connection ends with the answer, which has not begun. */
  close(): void {
    this.#response.shouldKeepAlive = false
  }

  /** Lets go of its connection, which speaks no HTTP any more and ends on its own terms. */
  detach(): Socket {
    const { socket } = this.request
    this.#response.detachSocket?.(socket)
    return socket
  }

  /** The connection that was let go of is over. */
  gone(): void {
    this.#response.emit?.('close')
  }

  /** The rest of a body that nobody waited for would be taken for the next request. */
  #endConnection(): void {
    const unread = !this.request.complete && hasBody(this.request)
    if (unread || this.#gateway.draining()) this.close()
    if (unread && this.#response.reset === undefined) linger(this.request)
  }
}
