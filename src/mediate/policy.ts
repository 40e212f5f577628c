// What the heart is told about a route: made once when rules load, read by every request.
import type { Dialect } from '../dialects/dialect.ts'
import type { Sampler } from '../samplers/sampler.ts'

/**
 * What to believe of a caller: go on with its trace, begin a new one that links to it, or look away.
 */
export type Trust = 'continue' | 'restart' | 'ignore'

/** How far a believed caller's wish to sample goes: as it says, at most our own rate, or not at all. */
export type Parent = 'follow' | 'cap' | 'ignore'

/** Who decides whether a trace is kept. */
export type SamplingPlan = { readonly parent: Parent; readonly sampler: Sampler }

export type BaggagePolicy = {
  /** Keys that pass, or all. */
  readonly allow: ReadonlySet<string> | 'all'
  /** Whether the upstream gets W3C baggage at all. */
  readonly emit: boolean
  /** Bytes of the whole field as sent. */
  readonly maxBytes: number
}

export type Policy = {
  /** In order of precedence. */
  readonly accept: readonly Dialect[]
  readonly emit: readonly Dialect[]
  /** Lower-case names of the fields of every accepted or emitted dialect, and of baggage. */
  readonly strip: ReadonlySet<string>
  /** `none`: a transparent hop, whose spans nobody would find; the caller's own ids go on. */
  readonly spans: 'report' | 'none'
  readonly baggage: BaggagePolicy
}
