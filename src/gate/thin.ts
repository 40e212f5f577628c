// Routes of which the baseline served so little that its own test of errors cannot show anything, or none at all. What
// the candidate does there must not count as well only because nothing stands beside it.
import { fewestBounded } from './distance.ts'
import { type Finding, level, most } from './latency.ts'
import { chance, findingOf, moreIn, oddsOf, tailOf } from './odds.ts'
import { type Pair, type Period, sideOf, type Tally } from './tally.ts'

/**
 * Whether the test of this route, one of so many, is without power: it could not reach the level if not one of these
 * errors were the baseline's. https://en.wikipedia.org/wiki/Power_(statistics)
 */
function isPowerless(pair: Pair, errorRatio: number, routes: number): boolean {
  return oddsOf(pair, errorRatio) ** pair.candidate.errors > level / routes
}

/**
 * Where the candidate fails on routes that the baseline hardly served, there is nothing like them to compare with: each
 * side as a whole then, which elsewhere would only mistake a change of what is asked for. Where the baseline fails there
 * itself, such a change is what it may be.
 */
export function asOne(whole: Period, windows: readonly Period[], errorRatio: number): Finding {
  const alone = [...whole.values()].some(
    pair =>
      pair.candidate.errors > 0 &&
      pair.baseline.errors === 0 &&
      pair.baseline.latency.count < fewestBounded &&
      isPowerless(pair, errorRatio, whole.size)
  )
  if (!alone) return 'within'
  const sides = pairOf(whole)
  if (sides.baseline.latency.count === 0) return 'open'
  const more = windows.filter(window => moreIn(new Map([['', pairOf(window)]]), errorRatio, '')).length
  return findingOf(tailOf([sides], errorRatio), sides.candidate.errors > chance && more >= most(windows))
}

/**
 * Whether the candidate fails on this route, one of so many, more often than the baseline does on all routes, and the
 * baseline served too few requests of it, far fewer than the candidate, to say whether that is so for it, too.
 */
export function isDoubtful(pair: Pair, all: Tally, errorRatio: number, routes: number): boolean {
  const { baseline, candidate } = pair
  if (candidate.errors <= chance || baseline.latency.count * 2 >= candidate.latency.count) return false
  if (!isPowerless(pair, errorRatio, routes)) return false
  const allowed = errorRatio * baseline.errors * candidate.latency.count
  if (candidate.errors * baseline.latency.count < allowed) return false
  return all.latency.count === 0 || tailOf([{ baseline: all, candidate }], errorRatio) <= level
}

function pairOf(period: Period): Pair {
  return { baseline: sideOf(period, 'baseline'), candidate: sideOf(period, 'candidate') }
}
