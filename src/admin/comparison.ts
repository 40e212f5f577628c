// GET /api/compare: both sides of a rollout since the start of this process. One replica knows what it saw itself.
import { type Comparison, comparisonOf } from '../gate/compare.ts'
import { readReport } from '../gate/report.ts'
import { parseSelector } from '../gate/selector.ts'
import { sidesOf } from '../gate/snapshot.ts'
import { periodOf } from '../gate/tally.ts'
import type { LatencyReport } from '../report/latency.ts'
import { sketchScale } from '../sketch/scale.ts'

/** Answers `?baseline=service.tag=base&candidate=service.tag=gray`, with `route=NAME` for one route alone. */
export function comparisonFor(
  query: URLSearchParams,
  report: LatencyReport
): (Comparison & Pick<LatencyReport, 'incomplete'>) | { readonly problem: string } {
  const baseline = parseSelector(query.get('baseline') ?? '')
  if (baseline === undefined) return { problem: 'baseline: expected a tag such as service.tag=base' }
  const candidate = parseSelector(query.get('candidate') ?? '')
  if (candidate === undefined) return { problem: 'candidate: expected a tag such as service.tag=gray' }
  const read = readReport('', report)
  if ('wrong' in read) throw new Error(read.wrong)
  const { at, series } = read.snapshot
  const counted = sidesOf([...series.values()], { baseline, candidate })
  if (counted === undefined) return { problem: 'a target is of both sides' }
  const seconds = (at - read.since) / 1000
  const comparison = comparisonOf(periodOf(counted), query.get('route'), seconds, sketchScale)
  return { ...comparison, incomplete: report.incomplete }
}
