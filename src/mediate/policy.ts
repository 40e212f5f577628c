// What the heart is told about a route: made once when rules load, read by every request.
import type { BaggagePolicy } from '../baggage/bridge.ts'
import type { Dialect } from '../dialects/dialect.ts'
import type { Sampler } from '../samplers/sampler.ts'
import type { Members } from './members.ts'

/**
 * What to believe of a caller: go on with its trace, begin a new one that links to it, or look away.
 */
export type Trust = 'continue' | 'restart' | 'ignore'

/** How far a believed caller's wish to sample goes: as it says, at most our own rate, or not at all. */
export type Parent = 'follow' | 'cap' | 'ignore'

/** Who decides whether a trace is kept. */
export type SamplingPlan = { readonly parent: Parent; readonly sampler: Sampler }

export type Policy = {
  /** In order of precedence. */
  readonly accept: readonly Dialect[]
  readonly emit: readonly Dialect[]
  /** Lower-case names of the fields of every accepted or emitted dialect, and of baggage. */
  readonly strip: ReadonlySet<string>
  /** Beginnings of the names of other fields that go, in lower case. */
  readonly stripPrefixes: readonly string[]
  /** `none`: a transparent hop, whose spans nobody would find; the caller's own ids go on. */
  readonly spans: 'report' | 'none'
  /** Whether the gateway shows in the path ids of EagleEye and SOFATracer, as one hop more. */
  readonly rpc: 'hop' | 'transparent'
  /** An emitted dialect names the gateway's segment: each request gets one. */
  readonly segments: boolean
  /** What dialects keep in tracestate. */
  readonly members: Members
  readonly baggage: BaggagePolicy
}
