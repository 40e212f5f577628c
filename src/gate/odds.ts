// How probable the candidate's errors are, or more of them, were it exactly on the line. Exact where counts are small.
import { binomialTail, normalTail } from './binomial.ts'
import { type Finding, level } from './latency.ts'
import type { Pair, Period } from './tally.ts'

/** Errors of the candidate up to which they prove nothing, whatever the baseline did. */
export const chance = 2

/** And up to which they are not even doubted: one hiccup holds no rollout. */
const hiccup = 1
/** Up to here it is not said that all is well: there are more errors than there should be, but no proof. */
const doubt = 0.2
/** Errors up to which the distribution over several routes is worked out; beyond, it is normal. */
const exactUpTo = 2_000

/** What a probability says; `provable` where the errors are more than chance, most of the time. */
export function findingOf(probability: number, provable: boolean): Finding {
  if (probability <= level && provable) return 'over'
  return probability <= doubt ? 'open' : 'within'
}

/** Without requests of one side there is nothing to compare. */
export function servedByBoth({ baseline, candidate }: Pair): boolean {
  return baseline.latency.count > 0 && candidate.latency.count > 0
}

/**
 * Given how many errors there were in all, how many of them are the candidate's tells which side fails more: were it
 * exactly at `errorRatio` times the baseline's rate, each error would be its own with the odds of its share of requests.
 * https://en.wikipedia.org/wiki/Fisher%27s_exact_test
 */
export function oddsOf({ baseline, candidate }: Pair, errorRatio: number): number {
  const weighed = errorRatio * candidate.latency.count
  return weighed / (weighed + baseline.latency.count)
}

/** The probability of the candidate's errors, or more, in all these together; 1 where they may be a hiccup. */
export function tailOf(pairs: readonly Pair[], errorRatio: number): number {
  const failing = pairs.filter(({ baseline, candidate }) => baseline.errors + candidate.errors > 0)
  const seen = failing.reduce((sum, { candidate }) => sum + candidate.errors, 0)
  const total = failing.reduce((sum, { baseline }) => sum + baseline.errors, seen)
  const [first] = failing
  if (first === undefined || seen <= hiccup) return 1
  if (failing.length === 1) return binomialTail(seen, total, oddsOf(first, errorRatio))
  if (total > exactUpTo) {
    let mean = 0
    let variance = 0
    for (const pair of failing) {
      const odds = oddsOf(pair, errorRatio)
      const errors = pair.baseline.errors + pair.candidate.errors
      mean += errors * odds
      variance += errors * odds * (1 - odds)
    }
    return normalTail((seen - 0.5 - mean) / Math.sqrt(variance))
  }
  return sumTail(failing, seen, total, errorRatio)
}

/** Error by error: what the number of the candidate's own is distributed like. */
function sumTail(failing: readonly Pair[], seen: number, total: number, errorRatio: number): number {
  const distribution = new Float64Array(total + 1)
  distribution[0] = 1
  let errors = 0
  for (const pair of failing) {
    const odds = oddsOf(pair, errorRatio)
    for (let i = pair.baseline.errors + pair.candidate.errors; i > 0; i--) {
      errors++
      for (let k = errors; k >= 0; k--) {
        const before = k === 0 ? 0 : (distribution[k - 1] ?? 0)
        distribution[k] = (distribution[k] ?? 0) * (1 - odds) + before * odds
      }
    }
  }
  return Math.min(
    1,
    distribution.subarray(seen).reduce((sum, one) => sum + one, 0)
  )
}

/** Whether the candidate had more errors in this part of the time than it would have on the line. */
export function moreIn(window: Period, errorRatio: number, route: string | undefined): boolean {
  let seen = 0
  let expected = 0
  for (const [name, pair] of window) {
    if (route !== undefined && name !== route) continue
    if (!servedByBoth(pair)) continue
    seen += pair.candidate.errors
    expected += (pair.baseline.errors + pair.candidate.errors) * oddsOf(pair, errorRatio)
  }
  return seen > expected
}
