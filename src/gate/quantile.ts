// Quantiles and shares with their intervals, from counts alone: no shape of a distribution is assumed.
import { placeOf, type ReadonlyBins } from '../sketch/bins.ts'
import type { Scale } from '../sketch/scale.ts'
import { binomialQuantile } from './binomial.ts'

/** A number and the interval in which the true one is. */
export type Estimate = {
  readonly value: number
  readonly low: number
  /** Null where too little was seen to say, or where it is beyond what was told apart. */
  readonly high: number | null
  /** There where the value itself is beyond: it is more than this. */
  readonly atLeast?: true
}

/**
 * The quantile `q` with an interval that the true one leaves on either side with the probability `outside`: by the ranks
 * between which it must lie. Undefined where nothing was counted.
 * https://online.stat.psu.edu/stat415/lesson/19/19.2
 */
export function quantileOf(
  bins: ReadonlyBins,
  scale: Scale,
  q: number,
  outside = 0.05
): Estimate | undefined {
  const n = bins.count
  if (n === 0) return undefined
  const known = (rank: number) => {
    const { index, within } = placeOf(bins, rank)
    return { ms: scale.at(index, within), endless: scale.isEndless(index) }
  }
  const above = binomialQuantile(1 - outside, n, q) + 1
  const high = above > n ? undefined : known(above)
  const value = known(Math.max(1, Math.ceil(q * n)))
  return {
    value: value.ms,
    low: known(Math.max(1, binomialQuantile(outside, n, q))).ms,
    high: high === undefined || high.endless ? null : high.ms,
    ...(value.endless ? { atLeast: true } : {})
  }
}

/** A standard normal's quantile at 97.5 %. */
const z = 1.959964

/** Which share `count` of `n` is, with its 95 % interval. https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval */
export function shareOf(count: number, n: number): Estimate | undefined {
  if (n === 0) return undefined
  const p = count / n
  const scaled = 1 + (z * z) / n
  const middle = (p + (z * z) / (2 * n)) / scaled
  const half = (z / scaled) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return { value: p, low: count === 0 ? 0 : middle - half, high: count === n ? 1 : middle + half }
}

/** So many per second, with the 95 % interval of a count. */
export function rateOf(count: number, seconds: number): Estimate | undefined {
  if (seconds <= 0) return undefined
  const half = z * Math.sqrt(count)
  return {
    value: count / seconds,
    low: Math.max(0, count - half) / seconds,
    high: (count + half) / seconds
  }
}
