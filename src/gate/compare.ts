// Both sides of a rollout beside each other: traffic, errors and latencies with their intervals. It judges nothing.
import type { Scale } from '../sketch/scale.ts'
import { type Estimate, quantileOf, rateOf, shareOf } from './quantile.ts'
import { type Period, sideOf, type Tally } from './tally.ts'

/** Null where nothing was counted. */
export type SideFigures = {
  readonly requests: number
  readonly errors: number
  /** Requests in a second, with a 95 % interval, as those below. */
  readonly qps: Estimate | null
  /** Share of requests, 0 to 1. */
  readonly errorRate: Estimate | null
  /** Milliseconds. */
  readonly p50: Estimate | null
  readonly p95: Estimate | null
  readonly p99: Estimate | null
}

export type Comparison = {
  /** Null for all routes together. */
  readonly route: string | null
  readonly seconds: number
  readonly baseline: SideFigures
  readonly candidate: SideFigures
}

/** What was counted in so many seconds; of one route, or of all for null. */
export function comparisonOf(
  period: Period,
  route: string | null,
  seconds: number,
  scale: Scale
): Comparison {
  const asked: Period = route === null ? period : new Map([...period].filter(([name]) => name === route))
  return {
    route,
    seconds,
    baseline: figuresOf(sideOf(asked, 'baseline'), seconds, scale),
    candidate: figuresOf(sideOf(asked, 'candidate'), seconds, scale)
  }
}

function figuresOf({ errors, latency }: Tally, seconds: number, scale: Scale): SideFigures {
  const quantile = (q: number) => quantileOf(latency, scale, q, 0.025) ?? null
  return {
    requests: latency.count,
    errors,
    qps: rateOf(latency.count, seconds) ?? null,
    errorRate: shareOf(errors, latency.count) ?? null,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99)
  }
}
