// What the heart is told about a route: made once when rules load, read by every request.
import type { BaggagePolicy } from '../baggage/bridge.ts'
import type { Accepted, Dialect } from '../dialects/dialect.ts'
import type { Sampler } from '../samplers/sampler.ts'
import type { Members } from './members.ts'

/**
 * What to believe of a caller: go on with its trace, begin a new one that links to it, or look away.
 */
export type Trust = 'continue' | 'restart' | 'ignore'

/** How far a believed caller's wish to sample goes: as it says, at most our own rate, or not at all. */
export type Parent = 'follow' | 'cap' | 'ignore'

/** Whose word is followed where dialects name different traces: in order of `accept`, by content, or by age. */
export type Precedence = 'first' | 'richest' | 'newest-dialect'

/** Who decides whether a trace is kept. */
export type SamplingPlan = {
  /** `limit` is `follow` beyond the ceiling: what callers wish passes our own sampler too. */
  readonly parent: Parent | 'limit'
  readonly sampler: Sampler
  /** Asked once for each trace that a caller forces; false beyond the ceiling. */
  readonly force: () => boolean
  /** The header field by which believed callers keep a trace that would be dropped; undefined where there is none. */
  readonly demand: Demand | undefined
  /** Asked for a trace that would be dropped and that nobody but us decides: whether it is kept after an error. */
  readonly boost: () => boolean
}

/** A header field that keeps a trace, within a budget. */
export type Demand = {
  /** In lower case. */
  readonly header: string
  /** Asked once for each trace that it would keep; false when the budget is used up. */
  readonly take: () => boolean
}

/** Fields of a caller that do not go on. */
export type Strip = {
  /** Their names, in lower case. */
  readonly fields: ReadonlySet<string>
  /** Beginnings of the names of others, in lower case. */
  readonly prefixes: readonly string[]
}

export type Policy = {
  /** In order of precedence. */
  readonly accept: readonly Accepted[]
  readonly emit: readonly Dialect[]
  readonly conflict: Precedence
  /**
   * Of a believed caller what accepted and emitted dialects write, and baggage; what only others may write goes on as
   * it came. Of any other caller what every known dialect speaks: a service behind would believe it.
   */
  readonly strip: Readonly<Record<Trust, Strip>>
  /** `none`: a transparent hop, whose spans nobody would find; the caller's own ids go on. */
  readonly spans: 'report' | 'none'
  /** The outgoing context is stored in tracestate: a foreign hop on the way may overwrite it. */
  readonly stores: boolean
  /** A context that is stored goes before that of the foreign hop which sent it on. */
  readonly takes: boolean
  /** Whether the gateway shows in the path ids of EagleEye and SOFATracer, as one hop more. */
  readonly rpc: 'hop' | 'transparent'
  /** `mask`: the upstream drops a context with flags that it does not know, the one for random ids among them. */
  readonly randomFlag: 'keep' | 'mask'
  /** An emitted dialect names the gateway's segment, or an exporter reports it: each request gets one. */
  readonly segments: boolean
  /** What dialects keep in tracestate. */
  readonly members: Members
  /** Keys of the members of tracestate that the upstream gets, or all. What is stored for a foreign hop goes besides. */
  readonly tracestate: ReadonlySet<string> | 'all'
  readonly baggage: BaggagePolicy
}
