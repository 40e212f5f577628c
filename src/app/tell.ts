// Who is told of a finished request: what it came to is judged here once, for all of them.
import type { Captures } from '../report/captures.ts'
import { hasFailed, judge } from '../report/late.ts'
import type { Latency } from '../report/latency.ts'
import type { Metrics } from '../report/metrics.ts'
import type { Outcome } from '../report/outcome.ts'
import type { Pipelines } from '../report/pipelines.ts'
import type { Propagation } from '../report/propagation.ts'
import { spansOf } from '../report/spans.ts'
import type { Topology } from '../report/topology.ts'
import type { Traces } from '../report/traces.ts'
import type { KeepBudgets, Tags } from '../rules/rules.ts'
import type { AccessLog } from './access-log.ts'

export type Told = {
  readonly metrics: Metrics
  readonly propagation: Propagation
  readonly latency: Latency
  readonly topology: Topology
  readonly traces: Traces
  readonly pipelines: Pipelines
  readonly captures: Captures
  readonly accessLog: AccessLog
}

const untagged: Tags = new Map()

/** `budgets` are those in force, for what is kept after all. */
export function createTell(budgets: () => KeepBudgets, told: Told): (outcome: Outcome) => void {
  const { metrics, propagation, latency, topology, traces, pipelines, captures, accessLog } = told
  return outcome => {
    const judgement = judge(outcome, budgets())
    const late = judgement?.late
    const spans = spansOf(outcome, late)
    metrics.request(outcome, spans.length > 0)
    propagation.request(outcome)
    latency.request(outcome)
    topology.request(outcome)
    if (spans.length > 0) traces.request(outcome, late)
    if (judgement !== undefined) metrics.judged(judgement)
    if (outcome.mediation !== undefined && hasFailed(outcome)) {
      outcome.route?.failed(outcome.attempts.at(-1)?.target.tags ?? untagged)
    }
    if (spans.length > 0) pipelines.record(spans, judgement?.urgent === true)
    if (spans.length > 0 && judgement?.urgent === true) captures.request(outcome)
    accessLog.request(outcome, late)
  }
}
