// What is known of a request once it is over: spans, metrics and the access log are made from this alone.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { Mediation } from '../mediate/mediate.ts'
import type { Route, UpstreamTarget } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import type { Evidence } from './evidence.ts'

/** One try at an upstream. Times are milliseconds since the Unix epoch, with fractions. */
export type AttemptOutcome = {
  readonly span: TraceContext
  readonly target: UpstreamTarget
  readonly start: number
  readonly end: number
  /** Undefined when no answer began. */
  readonly status: number | undefined
  /** A code of the table of failures. */
  readonly failure: string | undefined
  /** The status that stands for that failure, as the table of failures has it. */
  readonly failureStatus: number | undefined
  /** What the system calls the error behind it: `ECONNREFUSED`. */
  readonly cause: string | undefined
  /** What its answer says of the trace that it was told of; undefined where it was told of none, or says nothing. */
  readonly answer: TraceAnswer | undefined
}

export type Outcome = {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As sent in Host; '' when there was none. */
  readonly host: string
  readonly path: string
  /** Without `?`; '' for none. */
  readonly query: string
  /** `1.1` */
  readonly httpVersion: string
  readonly client: string
  /** What its verified certificate calls it first; undefined without one. */
  readonly identity: string | undefined
  readonly userAgent: string | undefined
  readonly route: Route | undefined
  /** The path template, as spans and metrics name it; '' without a route. */
  readonly template: string
  /** Undefined where no trace was touched: a preflight, a request without a route. */
  readonly mediation: Mediation | undefined
  readonly attempts: readonly AttemptOutcome[]
  /** As sent; 499 when the caller left before anything was. */
  readonly status: number
  /** A code of the table of failures. */
  readonly failure: string | undefined
  /** What it was, for replay; undefined where its route captures nothing. */
  readonly evidence: Evidence | undefined
  /** Bytes of body sent to the caller. */
  readonly bytes: number
  readonly start: number
  readonly end: number
}
