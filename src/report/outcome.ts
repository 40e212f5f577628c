// What is known of a request once it is over: spans, metrics and the access log are made from this alone.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { Mediation } from '../mediate/mediate.ts'
import type { Route } from '../rules/rules.ts'
import type { UpstreamTarget } from '../rules/upstream.ts'
import type { TraceContext } from '../trace/context.ts'
import type { Evidence } from './evidence.ts'
import type { GrpcStatus } from './grpc.ts'

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
  /** Undefined where the answer is none by gRPC. */
  readonly grpc: GrpcStatus | undefined
}

/** What became of a connection that left HTTP. */
export type Upgraded = {
  /** When its 101 went out. */
  readonly at: number
  /** Bytes from the caller. */
  readonly received: number
  /** Who ended it: the caller, the upstream, `idle` or `drain`; undefined while it is open. */
  readonly by: string | undefined
  /** Of the first close frame; undefined without one. */
  readonly code: number | undefined
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
  /** The side of the upstream that it was meant for, where another one served it. */
  readonly meant?: string | undefined
  /** Bytes of body sent to the caller; of an upgraded connection, all that followed its 101. */
  readonly bytes: number
  /** Undefined for what stayed HTTP. */
  readonly upgraded?: Upgraded | undefined
  readonly start: number
  readonly end: number
}

/** Milliseconds until the caller had its answer: of an upgraded connection, its 101, for its life says nothing of speed. */
export function answeredAfter({ start, end, upgraded }: Outcome): number {
  return (upgraded?.at ?? end) - start
}

/** Milliseconds that an attempt took; of an upgraded connection until its 101. */
export function attemptTook({ status, start, end }: AttemptOutcome, { upgraded }: Outcome): number {
  return (status === 101 && upgraded !== undefined ? upgraded.at : end) - start
}
