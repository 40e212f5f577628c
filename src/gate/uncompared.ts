// Requests on routes whose p95 is compared with nothing: too few of one side, or too slow for the buckets. Of them a gate
// knows nothing, and what it has not seen it does not pass.
import { fewestBounded } from './distance.ts'
import type { RouteLatency } from './latency.ts'
import type { Pair, Period } from './tally.ts'

export type Uncompared = {
  /** Of each side's requests, on routes that the candidate served. */
  readonly baseline: number
  readonly candidate: number
  /** For people: how many, and where. */
  readonly text: string
}

/** Routes that are named to people. */
const shown = 3

/** Undefined where all that the candidate served is compared. */
export function uncomparedOf(whole: Period, routes: readonly RouteLatency[]): Uncompared | undefined {
  const served = [...whole].filter(([, { candidate }]) => candidate.latency.count > 0)
  const found = new Map(routes.map(one => [one.route, one]))
  // Where the upper bound is beyond the last bucket nothing can be proven within the line, however long one waits.
  const open = served.filter(([route]) => {
    const one = found.get(route)
    return one === undefined || (one.ratio.high === null && one.finding !== 'over')
  })
  if (open.length === 0) return undefined
  const shareOf = (side: keyof Pair) => {
    const all = countOf(served, side)
    return all === 0 ? 0 : countOf(open, side) / all
  }
  const [baseline, candidate] = [shareOf('baseline'), shareOf('candidate')]
  const most = open.toSorted(([, a], [, b]) => weightOf(b) - weightOf(a))
  const named = most.slice(0, shown).map(([route, pair]) => `${route} (${whyOf(pair, found.has(route))})`)
  const more = open.length > shown ? ` and ${open.length - shown} more` : ''
  const few = open.some(([route]) => !found.has(route)) ? `; ${fewestBounded} of each side are needed` : ''
  const also = baseline > candidate ? ` and ${percent(baseline)} of the baseline's` : ''
  return {
    baseline,
    candidate,
    text: `${percent(candidate)} of the candidate's requests${also} are on routes without a p95 to compare: ${named.join(', ')}${more}${few}`
  }
}

function countOf(routes: readonly (readonly [string, Pair])[], side: keyof Pair): number {
  return routes.reduce((sum, [, pair]) => sum + pair[side].latency.count, 0)
}

function weightOf({ baseline, candidate }: Pair): number {
  return Math.max(baseline.latency.count, candidate.latency.count)
}

function whyOf({ baseline, candidate }: Pair, isBeyond: boolean): string {
  return isBeyond
    ? 'beyond the last bucket'
    : `${baseline.latency.count} of the baseline, ${candidate.latency.count} of the candidate`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
