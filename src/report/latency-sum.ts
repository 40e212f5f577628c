// The latency reports of several processes of one gateway as one. Counts of a process that is gone stay in it, so that
// windows can go on being subtracted.
import { type Bins, emptyBins, merge } from '../sketch/bins.ts'
import { readSketch, writeSketch } from '../sketch/written.ts'
import type { LatencyReport, LatencySeries } from './latency.ts'

type Counted = Pick<LatencyReport, 'beyond' | 'series'>
type Sum = Pick<LatencySeries, 'route' | 'tags'> & { errors: number; readonly bins: Bins }

/** By route and tags. */
export function sumLatency(reports: readonly Counted[]): Counted {
  const sums = new Map<string, Sum>()
  let beyond = 0
  for (const report of reports) {
    beyond += report.beyond
    for (const { route, tags, errors, sketch } of report.series) {
      const key = JSON.stringify([route, Object.entries(tags).sort(byName)])
      const sum = sums.get(key) ?? { route, tags, errors: 0, bins: emptyBins() }
      sums.set(key, sum)
      sum.errors += errors
      merge(sum.bins, readSketch(sketch) ?? emptyBins())
    }
  }
  const series = [...sums.values()].map(({ route, tags, errors, bins }) => ({
    route,
    tags,
    count: bins.count,
    errors,
    sketch: writeSketch(bins)
  }))
  return { beyond, series }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}
