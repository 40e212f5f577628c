// One attempt at an upstream: it hears of the answer as that comes in, and it passes on what the exchange needs.
import type { Socket } from 'node:net'
import { answerOf } from '../mediate/answer.ts'
import type { Attempt as Sent } from '../mediate/mediate.ts'
import { type GrpcStatus, grpcStatusOf, isGrpc } from '../report/grpc.ts'
import type { AttemptOutcome } from '../report/outcome.ts'
import { isAnswer } from './answer-validity.ts'
import { causeOf, type Failure, failureOf, failures } from './failure.ts'
import { fieldOf, linesOf, type RawFields } from './fields.ts'
import { resetCodeOf, wasRefused } from './h2-call.ts'
import type { Again, Line } from './pools.ts'
import type { Carrier, Control } from './recipient.ts'
import { linksOf } from './trailers.ts'
import { errors } from './undici.ts'
import type { UpgradeRecipient } from './upgrade.ts'

/** The exchange, as an attempt sees it. */
export type Audience = {
  readonly now: () => number
  /** The caller has its answer, or is gone: nothing more goes to it. */
  readonly over: () => boolean
  /** The header of an answer has gone to the caller. */
  readonly answered: () => boolean
  readonly begin: (status: number, fields: RawFields, phrase: string) => void
  readonly data: (chunk: Buffer, control: Control) => void
  /** The answer is whole. */
  readonly finish: (trailers: RawFields) => void
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

/** Of interim answers so many are looked at: hints go to a caller that may not read, ahead of what is held back for it. */
const mostHints = 8
/** With more it is no answer. */
const mostInterims = 100

type Told = { -readonly [Key in keyof AttemptOutcome]: AttemptOutcome[Key] }

/** A resource: it lives from its dispatch to the end of its answer. */
export class Attempt implements UpgradeRecipient {
  readonly #audience: Audience
  /** What will be told of it; undefined for a preflight, which is in no trace. */
  readonly outcome: Told | undefined
  readonly #tells: boolean
  #control: Control | undefined
  #stopped = false
  readonly #line: Line
  /** What can end it before it has a connection. */
  waiting: Control | undefined
  /** Set by the connection that it goes to. */
  carrier: Carrier | undefined
  /** Other requests went there before. */
  #reused = false
  /** Bytes of an answer have come. */
  #begun = false
  #status: number | undefined
  #interims = 0
  #ended = false
  #failure: Failure | undefined
  /** It met the end of a used connection: servers close idle ones, and one that is dead is found out by the next. */
  #parted = false
  /** The upstream is well, and has no room for it. */
  #refused = false
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

  onRequestStart(control: Control): void {
    this.#control = control
    this.#reused = this.carrier?.take() === true
    if (this.#stopped || this.#audience.over()) control.abort(callerGone)
  }

  onResponseStarted(): void {
    this.#begun = true
  }

  onResponseStart(control: Control, status: number, fields: RawFields, phrase: string): void {
    // An interim answer is not the answer. https://www.rfc-editor.org/rfc/rfc9110#section-15.2
    if (!isAnswer(status, fieldOf(fields, 'transfer-encoding'))) return control.abort(invalidAnswer)
    if (status < 200) return this.#interim(control, status, fields)
    this.#status = status
    this.#line.answered()
    if (this.#audience.over()) return
    if (this.outcome !== undefined) {
      this.outcome.status = status
      this.#listen(fields, this.outcome)
      // An answer without a body says it here: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses
      if (isGrpc(fieldOf(fields, 'content-type'))) this.outcome.grpc = grpcOf(fields)
    }
    this.#audience.begin(status, fields, phrase)
  }

  /** To what it says of the trace that it was told of. */
  #listen(fields: RawFields, outcome: Told): void {
    if (!this.#tells) return
    const traceresponse = linesOf(fields, 'traceresponse')
    const timing = linesOf(fields, 'server-timing')
    if (traceresponse === undefined && timing === undefined) return
    outcome.answer = answerOf({ traceresponse, 'server-timing': timing }, outcome.span)
  }

  onResponseData(control: Control, chunk: Buffer): void {
    if (!this.#ended && !this.#audience.over()) this.#audience.data(chunk, control)
  }

  #interim(control: Control, status: number, fields: RawFields): void {
    if (++this.#interims > mostInterims) return control.abort(invalidAnswer)
    if (status !== 103 || this.#interims > mostHints || this.#audience.over()) return
    const links = linksOf(fields)
    if (links.length > 0) this.#audience.hint(links)
  }

  onResponseEnd(trailers: RawFields): void {
    if (this.outcome?.grpc === 'unsaid') this.outcome.grpc = grpcOf(trailers)
    this.ended(undefined)
    this.#release()
    if (!this.#audience.over()) this.#audience.finish(trailers)
  }

  onResponseError(error: Error): void {
    if (!this.#stopped && this.#audience.over()) this.ended(failures.callerGone)
    if (this.#ended) return this.#release()
    this.#refused = wasRefused(error)
    const failure = failureOf(error, this.#audience.answered())
    this.ended(failure, causeOf(error))
    const again = this.#again(failure, error)
    const used = again === 'reused' || (again === 'unsent' && this.carrier?.isUsed() === true)
    this.#parted = used
    this.#release()
    this.#audience.broke(failure, error, again)
  }

  /** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2: only what has not been acted on is sent again. */
  #again(failure: Failure, error: Error): Again | undefined {
    if (failure !== failures.upstreamUnreachable && failure !== failures.upstreamReset) return undefined
    // It had no connection yet.
    if (this.#control === undefined) return 'unsent'
    if (this.#begun) return undefined
    if (this.#refused) return 'unsent'
    // Whoever ended this stream alone has read the request.
    if (resetCodeOf(error) !== undefined) return undefined
    return this.#reused ? 'reused' : 'new'
  }

  /** The connection is free for others, or gone: not before whoever carries it says so. */
  #release(): void {
    if (this.#released) return
    this.#released = true
    const failure = this.#failure
    if (failure === failures.upstreamUnreachable) this.#line.end('unreachable')
    else if (failure !== undefined)
      this.#line.end(failure.side === 'upstream' && !this.#parted && !this.#refused ? 'failed' : undefined)
    else this.#line.end(this.#status === undefined ? undefined : this.#status < 500 ? 'well' : 'failed')
  }

  onSwitch(fields: RawFields): RawFields {
    if (this.outcome !== undefined) {
      this.outcome.status = 101
      this.#listen(fields, this.outcome)
    }
    return this.#audience.switched(fields)
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
    if (failure?.grpc !== undefined) this.outcome.grpc = failure.grpc
  }

  /** The gateway itself ends it: nothing more is heard of it. `cause` as of other errors. */
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
    const control = this.#control ?? this.waiting
    if (control === undefined) return
    control.abort(reason)
    this.#release()
  }
}

function grpcOf(fields: RawFields): GrpcStatus {
  return grpcStatusOf(fieldOf(fields, 'grpc-status')) ?? 'unsaid'
}
