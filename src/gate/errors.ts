// Whether the candidate fails more often than it may, route by route and together. Exact where counts are small.
import { binomialTail, normalTail } from './binomial.ts'
import { holm } from './holm.ts'
import { type Finding, level, most } from './latency.ts'
import { type Estimate, shareOf } from './quantile.ts'
import { type Pair, type Period, sideOf } from './tally.ts'

export type RouteErrors = {
  readonly route: string
  /** Shares of requests, 0 to 1. */
  readonly baseline: Estimate
  readonly candidate: Estimate
  readonly finding: Finding
}

export type ErrorFinding = {
  readonly routes: readonly RouteErrors[]
  /** Probability of so many errors of the candidate were it exactly on the line; 1 where there were none. */
  readonly probability: number
  readonly finding: Finding
}

/** Errors of the candidate up to which they prove nothing, whatever the baseline did. */
const chance = 2
/** And up to which they are not even doubted: one hiccup holds no rollout. */
const hiccup = 1
/** Up to here it is not said that all is well: there are more errors than there should be, but no proof. */
const doubt = 0.2
/** Errors up to which the distribution over several routes is worked out; beyond, it is normal. */
const exactUpTo = 2_000

/**
 * Given how many errors there were in all, how many of them are the candidate's tells which side fails more: were it
 * exactly at `errorRatio` times the baseline's rate, each error would be its own with the odds of its share of requests.
 * https://en.wikipedia.org/wiki/Fisher%27s_exact_test
 */
export function errorsOf(whole: Period, windows: readonly Period[], errorRatio: number): ErrorFinding {
  const known = [...whole].filter(([, { baseline, candidate }]) =>
    compared(baseline.latency.count, candidate.latency.count)
  )
  if (known.length === 0) return { routes: [], probability: 1, finding: 'open' }
  const pairs = known.map(([, pair]) => pair)
  const probability = tailOf(pairs, errorRatio)
  const alone = pairs.map(pair => tailOf([pair], errorRatio))
  const proven = holm(alone, level)
  const agree = (route?: string) =>
    windows.filter(window => moreIn(window, errorRatio, route)).length >= most(windows)
  const routes = known.map(([route, pair], i): RouteErrors => {
    const shown = { route, ...sharesOf(pair) }
    if (proven[i] !== true) return { ...shown, finding: 'within' }
    return { ...shown, finding: pair.candidate.errors > chance && agree(route) ? 'over' : 'open' }
  })
  const seen = pairs.reduce((sum, { candidate }) => sum + candidate.errors, 0)
  const together = findingOf(probability, seen > chance && agree())
  const findings = [together, asOne(whole, windows, errorRatio), ...routes.map(({ finding }) => finding)]
  const finding = findings.includes('over') ? 'over' : findings.includes('open') ? 'open' : 'within'
  return { routes, probability, finding }
}

function findingOf(probability: number, provable: boolean): Finding {
  if (probability <= level && provable) return 'over'
  return probability <= doubt ? 'open' : 'within'
}

/**
 * Where the candidate fails on routes that the baseline did not serve, there is nothing like them to compare with: each
 * side as a whole then, which elsewhere would only mistake a change of what is asked for.
 */
function asOne(whole: Period, windows: readonly Period[], errorRatio: number): Finding {
  const alone = [...whole.values()].some(
    ({ baseline, candidate }) => baseline.latency.count === 0 && candidate.errors > 0
  )
  if (!alone) return 'within'
  const sides = pairOf(whole)
  const more = windows.filter(window => moreIn(new Map([['', pairOf(window)]]), errorRatio, '')).length
  return findingOf(tailOf([sides], errorRatio), sides.candidate.errors > chance && more >= most(windows))
}

function pairOf(period: Period): Pair {
  return { baseline: sideOf(period, 'baseline'), candidate: sideOf(period, 'candidate') }
}

function compared(baseline: number, candidate: number): boolean {
  return baseline > 0 && candidate > 0
}

function sharesOf({ baseline, candidate }: Pair): {
  readonly baseline: Estimate
  readonly candidate: Estimate
} {
  const nothing = { value: 0, low: 0, high: 1 }
  return {
    baseline: shareOf(baseline.errors, baseline.latency.count) ?? nothing,
    candidate: shareOf(candidate.errors, candidate.latency.count) ?? nothing
  }
}

/** The odds that an error is the candidate's, were it exactly on the line. */
function oddsOf({ baseline, candidate }: Pair, errorRatio: number): number {
  const weighed = errorRatio * candidate.latency.count
  return weighed / (weighed + baseline.latency.count)
}

/** The probability of the candidate's errors, or more, in all these together; 1 where they may be a hiccup. */
function tailOf(pairs: readonly Pair[], errorRatio: number): number {
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
function moreIn(window: Period, errorRatio: number, route: string | undefined): boolean {
  let seen = 0
  let expected = 0
  for (const [name, pair] of window) {
    if (route !== undefined && name !== route) continue
    if (!compared(pair.baseline.latency.count, pair.candidate.latency.count)) continue
    seen += pair.candidate.errors
    expected += (pair.baseline.errors + pair.candidate.errors) * oddsOf(pair, errorRatio)
  }
  return seen > expected
}
