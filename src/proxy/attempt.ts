// One attempt at an upstream: undici calls it as the answer comes in, and it passes on what the exchange needs.
import { type Dispatcher, errors } from 'undici'
import { type AnswerFields, answerOf } from '../mediate/answer.ts'
import type { Attempt as Sent } from '../mediate/mediate.ts'
import type { AttemptOutcome } from '../report/outcome.ts'
import { causeOf, type Failure, failureOf, failures } from './failure.ts'
import type { Line } from './pools.ts'

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
  readonly finish: () => void
  readonly broke: (failure: Failure, error: Error) => void
}

// https://www.rfc-editor.org/rfc/rfc9110#section-15: undici lets 099 through, node:http would not send it
const invalidStatus = new errors.HTTPParserError('a status below 100')

const callerGone = new Error(failures.callerGone.message)

type Told = { -readonly [Key in keyof AttemptOutcome]: AttemptOutcome[Key] }

/** A resource: it lives from its dispatch to the end of its answer. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #audience: Audience
  /** What will be told of it; undefined for a preflight, which is in no trace. */
  readonly outcome: Told | undefined
  readonly #tells: boolean
  #controller: Dispatcher.DispatchController | undefined

  constructor(audience: Audience, line: Line, sent: Sent | undefined) {
    this.#audience = audience
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
      answer: undefined
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#audience.over()) controller.abort(callerGone)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    fields: AnswerFields,
    message?: string
  ): void {
    // An interim answer is not the answer. https://www.rfc-editor.org/rfc/rfc9110#section-15.2
    if (status < 200) return status < 100 ? controller.abort(invalidStatus) : undefined
    if (this.#audience.over()) return
    if (this.outcome !== undefined) {
      this.outcome.status = status
      if (this.#tells) this.outcome.answer = answerOf(fields, this.outcome.span)
    }
    this.#audience.begin(status, controller.rawHeaders, message)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#audience.over()) this.#audience.data(chunk, controller)
  }

  onResponseEnd(): void {
    this.ended(undefined)
    if (!this.#audience.over()) this.#audience.finish()
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#audience.over()) return this.ended(failures.callerGone)
    const failure = failureOf(error, this.#audience.answered())
    this.ended(failure, causeOf(error))
    this.#audience.broke(failure, error)
  }

  /** What the upstream did is known from here on. */
  ended(failure: Failure | undefined, cause?: string): void {
    if (this.outcome === undefined || this.outcome.end !== 0) return
    this.outcome.end = this.#audience.now()
    this.outcome.failure = failure?.code
    this.outcome.failureStatus = failure?.status
    this.outcome.cause = cause
  }

  /** Nobody waits for the answer any more. */
  abandon(): void {
    this.ended(failures.callerGone)
    this.#controller?.abort(callerGone)
  }
}
