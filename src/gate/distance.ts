// How far the p95 of a route is beyond the line, and how surely that is known; of several routes, as one.
import type { Scale } from '../sketch/scale.ts'
import { type Estimate, quantileOf } from './quantile.ts'
import type { Pair, Period } from './tally.ts'

export type LatencyLimits = {
  /** How many times the baseline's p95 the candidate's may be. */
  readonly p95Ratio: number
  /** Milliseconds more than the baseline's are never too many. */
  readonly floorMs: number
}

/** The p95 of one route on both sides. */
export type RouteP95 = {
  readonly route: string
  readonly requests: { readonly baseline: number; readonly candidate: number }
  /** Milliseconds. */
  readonly baseline: Estimate
  readonly candidate: Estimate
  /** The candidate's p95 over the baseline's, with its 90 % interval; without `high` it cannot be within the line. */
  readonly ratio: Estimate
  /** The ratio that is not allowed to be exceeded here: more where the floor gives more. */
  readonly line: number
}

/**
 * Logarithms: how far the candidate's p95 is beyond the line, and the standard errors of that, downwards and upwards.
 * Where latencies jump, the p95 is far surer on one side than on the other, and the mean of both would prove too much:
 * https://doi.org/10.1002/sim.3095 (MOVER)
 */
export type Distance = { readonly beyond: number; readonly down: number; readonly up: number }
export type Measured = RouteP95 & Distance

/** A standard normal's quantile at 95 %. */
export const z = 1.644854

/** Requests of a side below which its p95 has no upper bound: 0.95^58 is above 5 %, 0.95^59 below. */
export const fewestBounded = 59

/** Values of each side in a sub-window below which it says nothing. */
const fewest = 20

/** Of what is beyond the last bucket the last bound is known to be exceeded, and nothing above that. */
export function measure(
  route: string,
  pair: Pair,
  scale: Scale,
  limits: LatencyLimits
): Measured | undefined {
  const requests = { baseline: pair.baseline.latency.count, candidate: pair.candidate.latency.count }
  if (Math.min(requests.baseline, requests.candidate) < fewestBounded) return undefined
  const baseline = quantileOf(pair.baseline.latency, scale, 0.95)
  const candidate = quantileOf(pair.candidate.latency, scale, 0.95)
  if (baseline === undefined || candidate === undefined) return undefined
  const errorOf = (low: number, high: number | null) =>
    high === null ? Number.POSITIVE_INFINITY : Math.max(scale.error, (logOf(high) - logOf(low)) / z)
  const down = Math.hypot(errorOf(candidate.low, candidate.value), errorOf(baseline.value, baseline.high))
  const up = Math.hypot(errorOf(candidate.value, candidate.high), errorOf(baseline.low, baseline.value))
  const distance = logOf(candidate.value) - logOf(baseline.value)
  const line = lineOf(baseline.value, limits)
  const ratio = around({ beyond: distance, down, up })
  return {
    route,
    requests,
    baseline,
    candidate,
    ratio: candidate.atLeast && !baseline.atLeast ? { ...ratio, atLeast: true } : ratio,
    line,
    beyond: distance - Math.log(line),
    down,
    up
  }
}

/** An answer of no time at all has no ratio to any other: what is below a microsecond is one. */
function logOf(ms: number): number {
  return Math.log(Math.max(ms, 0.001))
}

function lineOf(baselineMs: number, { p95Ratio, floorMs }: LatencyLimits): number {
  return Math.max(p95Ratio, 1 + floorMs / Math.max(baselineMs, 0.001))
}

/** Each route weighed by how surely it is known. https://en.wikipedia.org/wiki/Inverse-variance_weighting */
export function combined(measured: readonly Distance[]): Distance | undefined {
  if (measured.length === 0) return undefined
  let weights = 0
  let beyond = 0
  let down = 0
  let up = 0
  for (const one of measured) {
    const weight = weightOf(one)
    weights += weight
    beyond += weight * one.beyond
    down += (weight * one.down) ** 2
    up += (weight * one.up) ** 2
  }
  return { beyond: beyond / weights, down: Math.sqrt(down) / weights, up: Math.sqrt(up) / weights }
}

function weightOf({ down, up }: Distance): number {
  return 2 / (down ** 2 + up ** 2)
}

export function ratioOf(measured: readonly Measured[]): Estimate | undefined {
  const all = combined(
    measured.map(({ beyond, line, down, up }) => ({ beyond: beyond + Math.log(line), down, up }))
  )
  return all === undefined ? undefined : around(all)
}

function around({ beyond, down, up }: Distance): Estimate {
  const high = Math.exp(beyond + z * up)
  return {
    value: Math.exp(beyond),
    low: Math.exp(beyond - z * down),
    high: Number.isFinite(high) ? high : null
  }
}

/** How far beyond the line these routes were in a part of the time; undefined where it holds too few requests. */
export function directionOf(window: Period, measured: readonly Measured[], scale: Scale): number | undefined {
  let weights = 0
  let sum = 0
  for (const one of measured) {
    const pair = window.get(one.route)
    if (pair === undefined) continue
    if (Math.min(pair.baseline.latency.count, pair.candidate.latency.count) < fewest) continue
    const baseline = quantileOf(pair.baseline.latency, scale, 0.95)?.value ?? 0
    const candidate = quantileOf(pair.candidate.latency, scale, 0.95)?.value ?? 0
    // One alone needs no weight, and may have none.
    const weight = measured.length === 1 ? 1 : weightOf(one)
    weights += weight
    sum += weight * (logOf(candidate) - logOf(baseline) - Math.log(one.line))
  }
  return weights === 0 ? undefined : sum / weights
}
