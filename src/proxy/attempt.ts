// One attempt at an upstream: undici calls it as the answer comes in, and it passes on what the exchange needs.
import type { Socket } from 'node:net'
import { type Dispatcher, errors } from 'undici'
import { type AnswerFields, answerOf } from '../mediate/answer.ts'
import type { Attempt as Sent } from '../mediate/mediate.ts'
import { grpcStatusOf, isGrpc } from '../report/grpc.ts'
import type { AttemptOutcome } from '../report/outcome.ts'
import { isAnswer } from './answer-validity.ts'
import type { Carrier } from './connect.ts'
import { causeOf, type Failure, failureOf, failures } from './failure.ts'
import type { RawFields } from './fields.ts'
import type { Again, Line } from './pools.ts'
import { rawFields } from './respond.ts'
import { linksOf } from './trailers.ts'
import type { UpgradeHandler } from './upgrade.ts'

/** The exchange, as an attempt sees it. */
export type Audience = {
  readonly now: () => number
  /** The caller has its answer, or is gone: nothing more goes to it. */
  readonly over: () => boolean
  /** The header of an answer has gone to the caller. */
  readonly answered: () => boolean
  /** `fields` are undici's, raw. */
  readonly begin: (status: number, fields: unknown, message: string | undefined) => void
  /** False to ask for a pause, until `controller.resume()`. */
  readonly data: (chunk: Buffer, controller: Dispatcher.DispatchController) => void
  /** The answer is whole; `trailers` are undici's, raw. */
  readonly finish: (trailers: unknown) => void
  /** An interim answer to hand on: values of Link. https://www.rfc-editor.org/rfc/rfc8297 */
  readonly hint: (links: string[]) => void
  /** `again` is why it can be sent once more; undefined where it may have had an effect. */
  readonly broke: (failure: Failure, error: Error, again: Again | undefined) => void
  /** The upstream agrees to another protocol: from its fields, those of the 101 for the caller. */
  readonly switched: (fields: RawFields) => RawFields
  /** The caller's connection and this one are one from now on. */
  readonly joined: (upstream: Socket) => void
}

const invalidAnswer = new errors.HTTPParserError('an answer that cannot be handed on')

const callerGone = new Error(failures.callerGone.message)

const gatewayStopped = new Error('the gateway ended this attempt')

type TrailerFields = { readonly [name: string]: string | readonly string[] | undefined }

type Coded = {
  readonly 'transfer-encoding'?: string | readonly string[]
  readonly 'content-type'?: string | readonly string[]
  readonly 'grpc-status'?: string | readonly string[]
}

type Told = { -readonly [Key in keyof AttemptOutcome]: AttemptOutcome[Key] }

/** A resource: it lives from its dispatch to the end of its answer. */
export class Attempt implements UpgradeHandler {
  readonly #audience: Audience
  /** What will be told of it; undefined for a preflight, which is in no trace. */
  readonly outcome: Told | undefined
  readonly #tells: boolean
  #controller: Dispatcher.DispatchController | undefined
  #stopped = false
  readonly #line: Line
  /** Set by the connection that it goes to. */
  carrier: Carrier | undefined
  /** Other requests went there before. */
  #reused = false
  /** Bytes of an answer have come. */
  #begun = false
  #status: number | undefined
  #ended = false
  #failure: Failure | undefined
  #released = false

  constructor(audience: Audience, line: Line, sent: Sent | undefined) {
    this.#audience = audience
    this.#line = line
    this.#tells = sent?.tells === true
    if (sent === undefined) return
    this.outcome = {
      span: sent.span,
      target: line.target,
      start: audience.now(),
      end: 0,
      status: undefined,
      failure: undefined,
      failureStatus: undefined,
      cause: undefined,
      answer: undefined,
      grpc: undefined
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#reused = this.carrier?.take() === true
    if (this.#stopped || this.#audience.over()) controller.abort(callerGone)
  }

  onResponseStarted(): void {
    this.#begun = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: AnswerFields & Coded,
    message?: string
  ): void {
    // An interim answer is not the answer. https://www.rfc-editor.org/rfc/rfc9110#section-15.2
    if (!isAnswer(status, fields['transfer-encoding'])) return controller.abort(invalidAnswer)
    if (status < 200) return this.#interim(status, controller)
    this.#status = status
    this.#line.answered()
    if (this.#audience.over()) return
    if (this.outcome !== undefined) {
      this.outcome.status = status
      if (this.#tells) this.outcome.answer = answerOf(fields, this.outcome.span)
      // An answer without a body says it here: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
      if (isGrpc(fields['content-type'])) this.outcome.grpc = grpcStatusOf(fields['grpc-status']) ?? 'unsaid'
    }
    this.#audience.begin(status, controller.rawHeaders, message)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#audience.over()) this.#audience.data(chunk, controller)
  }

  #interim(status: number, { rawHeaders }: Dispatcher.DispatchController): void {
    const links = status === 103 && !this.#audience.over() ? linksOf(rawFields(rawHeaders)) : []
    if (links.length > 0) this.#audience.hint(links)
  }

  onResponseEnd(controller: Dispatcher.DispatchController, trailers: TrailerFields): void {
    if (this.outcome?.grpc === 'unsaid') this.outcome.grpc = grpcStatusOf(trailers['grpc-status']) ?? 'unsaid'
    this.ended(undefined)
    this.#release()
    if (!this.#audience.over()) this.#audience.finish(controller.rawTrailers)
  }

  onResponseError(_: unknown, error: Error): void {
    if (!this.#stopped && this.#audience.over()) this.ended(failures.callerGone)
    if (this.#ended) return this.#release()
    const failure = failureOf(error, this.#audience.answered())
    this.ended(failure, causeOf(error))
    this.#release()
    this.#audience.broke(failure, error, this.#again(failure))
  }

  /** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2: only what has not been acted on is sent again. */
  #again(failure: Failure): Again | undefined {
    if (failure !== failures.upstreamUnreachable && failure !== failures.upstreamReset) return undefined
    // No connection, or an idle one that ended as undici looked whether it was still good.
    if (this.#controller === undefined) return 'unsent'
    if (this.#begun) return undefined
    return this.#reused ? 'reused' : 'new'
  }

  /** The connection is free for others, or gone: not before undici says so, for until then it holds the request. */
  #release(): void {
    if (this.#released) return
    this.#released = true
    const failure = this.#failure
    if (failure === failures.upstreamUnreachable) this.#line.end('unreachable')
    else if (failure !== undefined) this.#line.end(failure.side === 'upstream' ? 'failed' : undefined)
    else this.#line.end(this.#status === undefined ? undefined : this.#status < 500 ? 'well' : 'failed')
  }

  onSwitch(fields: AnswerFields, raw: RawFields): RawFields {
    if (this.outcome !== undefined) {
      this.outcome.status = 101
      if (this.#tells) this.outcome.answer = answerOf(fields, this.outcome.span)
    }
    return this.#audience.switched(raw)
  }

  onOpen(upstream: Socket): void {
    this.#status = 101
    this.#release()
    this.#audience.joined(upstream)
  }

  /** What the upstream did is known from here on. */
  ended(failure: Failure | undefined, cause?: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    if (this.outcome === undefined) return
    this.outcome.end = this.#audience.now()
    this.outcome.failure = failure?.code
    this.outcome.failureStatus = failure?.status
    this.outcome.cause = cause
  }

  /** The gateway itself ends it: nothing more is heard of it. `cause` as of errors of undici. */
  stop(failure: Failure, cause?: string): void {
    this.#stopped = true
    this.ended(failure, cause)
    this.#abort(gatewayStopped)
    if (failure === failures.upstreamTimeout && this.#status === undefined) this.carrier?.distrust()
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.ended(failures.callerGone)
    this.#abort(callerGone)
  }

  #abort(reason: Error): void {
    // What waits for a connection goes on waiting, and is told no when its turn comes.
    if (this.#controller === undefined) return
    this.#controller.abort(reason)
    this.#release()
  }
}
