// Whether the candidate fails more often than it may, route by route and together.
import { holm } from './holm.ts'
import { type Finding, level, most } from './latency.ts'
import { chance, findingOf, moreIn, servedByBoth, tailOf } from './odds.ts'
import { type Estimate, shareOf } from './quantile.ts'
import { type Pair, type Period, sideOf } from './tally.ts'
import { asOne, isDoubtful } from './thin.ts'

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

/** All routes that both served are judged; where the baseline served too few to be judged by, thin.ts has a word. */
export function errorsOf(whole: Period, windows: readonly Period[], errorRatio: number): ErrorFinding {
  const known = [...whole].filter(([, pair]) => servedByBoth(pair))
  if (known.length === 0) return { routes: [], probability: 1, finding: 'open' }
  const pairs = known.map(([, pair]) => pair)
  const probability = tailOf(pairs, errorRatio)
  const alone = pairs.map(pair => tailOf([pair], errorRatio))
  const proven = holm(alone, level)
  const baseline = sideOf(whole, 'baseline')
  const doubted = (pair: Pair): Finding =>
    isDoubtful(pair, baseline, errorRatio, whole.size) ? 'open' : 'within'
  const agree = (route?: string) =>
    windows.filter(window => moreIn(window, errorRatio, route)).length >= most(windows)
  const routes = known.map(([route, pair], i): RouteErrors => {
    const shown = { route, ...sharesOf(pair) }
    if (proven[i] !== true) return { ...shown, finding: doubted(pair) }
    return { ...shown, finding: pair.candidate.errors > chance && agree(route) ? 'over' : 'open' }
  })
  const seen = pairs.reduce((sum, { candidate }) => sum + candidate.errors, 0)
  const together = findingOf(probability, seen > chance && agree())
  const findings = [
    together,
    asOne(whole, windows, errorRatio),
    ...[...whole.values()].map(doubted),
    ...routes.map(({ finding }) => finding)
  ]
  const finding = findings.includes('over') ? 'over' : findings.includes('open') ? 'open' : 'within'
  return { routes, probability, finding }
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
