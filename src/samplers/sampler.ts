// What a sampler is: it says keep or drop for one trace.

/** A sampler's word on one trace. */
export type Sampled = {
  readonly keep: boolean
  /**
   * OpenTelemetry rejection threshold behind the word, 1 to 14 hex digits; undefined where the probability is unknown.
   * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
   */
  readonly threshold: string | undefined
}

export type Sampler = {
  /** As in rules and in `tracebridge.sampling.reason`. */
  readonly name: string
  /** The share that it keeps now, 0 to 1, as metrics and /config show it. */
  readonly rate: () => number
  /** `randomness` is 14 lower-case hex digits: `rv` of tracestate, or the low 56 bits of the trace id. */
  readonly sample: (randomness: string) => Sampled
  /** What `sample` would say now; it counts nothing and spends nothing: for dry runs. */
  readonly peek: (randomness: string) => Sampled
}

/** Milliseconds from any begin; it never runs backwards. */
export type Clock = () => number
