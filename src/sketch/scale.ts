// What the number of a bin means, in milliseconds. Two scales: the sketch's own, and the buckets of a histogram.

export type Scale = {
  /** The value that stands for a place in a bin; `within` says how far into it, above 0 and up to 1. */
  readonly at: (index: number, within: number) => number
  /** Whether a bin has no upper end: of what is in it only `at` is known to be exceeded. */
  readonly isEndless: (index: number) => boolean
  /** How far the logarithm of a value is known at best: the standard error that the width of a bin leaves. */
  readonly error: number
  /** Values are told apart only by buckets wider than those of a sketch. */
  readonly coarse: boolean
}

/** Ratio of one bin to the next: the middle of a bin is at most 1 % from any value in it. */
export const gamma = 1.02
const perLog = 1 / Math.log(gamma)

/** Of values beyond a microsecond and 27 hours only that they are beyond is kept. */
const lowest = Math.ceil(Math.log(0.001) * perLog)
const highest = Math.ceil(Math.log(1e8) * perLog)

/** The bin of a value in milliseconds: bin `i` holds what is above gamma^(i-1) and up to gamma^i. */
export function indexOf(ms: number): number {
  const index = Math.ceil(Math.log(ms) * perLog)
  // Not below either: the logarithm of a negative number is no number.
  return index > lowest ? Math.min(index, highest) : lowest
}

/** Whether bins from `first` on, so many, are on the sketch's scale. */
export function inRange(first: number, length: number): boolean {
  return first >= lowest - highest && first + length <= 2 * highest - lowest
}

/**
 * The scale of sketches; relative error as DDSketch has it.
 * https://arxiv.org/abs/1908.10693
 */
export const sketchScale: Scale = {
  at: index => (2 * gamma ** index) / (gamma + 1),
  // Its last one begins at 27 hours.
  isEndless: () => false,
  // A value may be anywhere in its bin: the standard deviation of what is spread evenly.
  error: Math.log(gamma) / Math.sqrt(12),
  coarse: false
}

/**
 * The scale of a histogram with these upper bounds in milliseconds, ascending; one bin more holds what is above all.
 * Within a bucket values are taken to be spread evenly, as Prometheus does; beyond the last one its bound stands for them.
 * https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function bucketScale(bounds: readonly number[]): Scale {
  return {
    at: (index, within) => {
      const low = index === 0 ? 0 : (bounds[index - 1] ?? bounds.at(-1) ?? 0)
      return low + ((bounds[index] ?? low) - low) * within
    },
    isEndless: index => index >= bounds.length,
    error: Math.log(gamma) / Math.sqrt(12),
    coarse: true
  }
}
