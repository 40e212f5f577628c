// Whether the candidate's p95 is over the line: route by route, since a change of what is asked for is no regression,
// and over all routes together. It judges what it is given; whether that is enough, verdict.ts says.
import type { Scale } from '../sketch/scale.ts'
import { normalTail } from './binomial.ts'
import { holm } from './holm.ts'
import { type Estimate, quantileOf } from './quantile.ts'
import type { Pair, Period } from './tally.ts'

export type LatencyLimits = {
  /** How many times the baseline's p95 the candidate's may be. */
  readonly p95Ratio: number
  /** Milliseconds more than the baseline's are never too many. */
  readonly floorMs: number
}

export type Finding = 'over' | 'within' | 'open'

export type RouteLatency = {
  readonly route: string
  readonly requests: { readonly baseline: number; readonly candidate: number }
  /** Milliseconds. */
  readonly baseline: Estimate
  readonly candidate: Estimate
  /** The candidate's p95 over the baseline's, with its 90 % interval. */
  readonly ratio: Estimate
  /** The ratio that is not allowed to be exceeded here: more where the floor gives more. */
  readonly line: number
  readonly finding: Finding
}

export type LatencyFinding = {
  readonly routes: readonly RouteLatency[]
  /** Of all routes, each weighed by how surely it is known; undefined where none can be compared. */
  readonly ratio: Estimate | undefined
  readonly finding: Finding
  /** In how many of the sub-windows the candidate was over the line. */
  readonly over: number
}

/** Probability of a wrong yes for a candidate that is exactly on the line. */
export const level = 0.05
/** A standard normal's quantile at 95 %. */
const z = 1.644854

/** Requests of a side below which its p95 has no upper bound: 0.95^58 is above 5 %, 0.95^59 below. */
export const fewestBounded = 59

/** Values of each side in a sub-window below which it says nothing. */
const fewest = 20

/**
 * Logarithms: how far the candidate's p95 is beyond the line, and the standard errors of that, downwards and upwards.
 * Where latencies jump, the p95 is far surer on one side than on the other, and the mean of both would prove too much:
 * https://doi.org/10.1002/sim.3095 (MOVER)
 */
type Distance = { readonly beyond: number; readonly down: number; readonly up: number }
type Measured = Omit<RouteLatency, 'finding'> & Distance

/**
 * The routes whose p95 has an upper bound on both sides (59 requests), each against the line, and all of them together.
 * `windows` are the parts of `whole`: in three of five the direction must be the same.
 */
export function latencyOf(
  whole: Period,
  windows: readonly Period[],
  scale: Scale,
  limits: LatencyLimits
): LatencyFinding {
  const measured: Measured[] = []
  for (const [route, pair] of whole) {
    const one = measure(route, pair, scale, limits)
    if (one !== undefined) measured.push(one)
  }
  if (measured.length === 0) return { routes: [], ratio: undefined, finding: 'open', over: 0 }
  const all = combined(measured)
  const directions = windows.map(window => directionOf(window, measured, scale))
  const over = directions.filter(beyond => beyond !== undefined && beyond > 0).length
  const below = directions.filter(beyond => beyond !== undefined && beyond <= 0).length
  const proven = holm(measured.map(tail), level)
  const routes = measured.map((one, i) => {
    const { beyond: _, down: __, up: ___, ...shown } = one
    const agreeing = windows.filter(window => (directionOf(window, [one], scale) ?? 0) > 0).length
    const finding: Finding =
      proven[i] === true && agreeing >= most(windows) ? 'over' : one.beyond < -z * one.up ? 'within' : 'open'
    return { ...shown, finding }
  })
  const slower = all.beyond > z * all.down && over >= most(windows)
  const finding: Finding =
    slower || routes.some(route => route.finding === 'over')
      ? 'over'
      : all.beyond < -z * all.up && below >= most(windows)
        ? 'within'
        : 'open'
  return { routes, ratio: ratioOf(measured), finding, over }
}

/** Three of five. */
export function most(windows: readonly unknown[]): number {
  return Math.ceil((windows.length * 3) / 5)
}

function measure(route: string, pair: Pair, scale: Scale, limits: LatencyLimits): Measured | undefined {
  const baseline = quantileOf(pair.baseline.latency, scale, 0.95)
  const candidate = quantileOf(pair.candidate.latency, scale, 0.95)
  if (baseline === undefined || candidate === undefined) return undefined
  if (baseline.high === null || candidate.high === null) return undefined
  // An answer of no time at all has no ratio to any other: what is below a microsecond is one.
  const log = (ms: number) => Math.log(Math.max(ms, 0.001))
  const errorOf = (low: number, high: number) => Math.max(scale.error, (log(high) - log(low)) / z)
  const down = Math.hypot(errorOf(candidate.low, candidate.value), errorOf(baseline.value, baseline.high))
  const up = Math.hypot(errorOf(candidate.value, candidate.high), errorOf(baseline.low, baseline.value))
  const distance = log(candidate.value) - log(baseline.value)
  const line = lineOf(baseline.value, limits)
  return {
    route,
    requests: { baseline: pair.baseline.latency.count, candidate: pair.candidate.latency.count },
    baseline,
    candidate,
    ratio: around({ beyond: distance, down, up }),
    line,
    beyond: distance - Math.log(line),
    down,
    up
  }
}

function lineOf(baselineMs: number, { p95Ratio, floorMs }: LatencyLimits): number {
  return Math.max(p95Ratio, 1 + floorMs / Math.max(baselineMs, 0.001))
}

function tail({ beyond, down }: Distance): number {
  return normalTail(beyond / down)
}

/** Each route weighed by how surely it is known. https://en.wikipedia.org/wiki/Inverse-variance_weighting */
function combined(measured: readonly Distance[]): Distance {
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

function ratioOf(measured: readonly Measured[]): Estimate {
  return around(
    combined(measured.map(({ beyond, line, down, up }) => ({ beyond: beyond + Math.log(line), down, up })))
  )
}

function around({ beyond, down, up }: Distance): Estimate {
  return { value: Math.exp(beyond), low: Math.exp(beyond - z * down), high: Math.exp(beyond + z * up) }
}

/** How far beyond the line these routes were in a part of the time; undefined where it holds too few requests. */
function directionOf(window: Period, measured: readonly Measured[], scale: Scale): number | undefined {
  let weights = 0
  let sum = 0
  for (const one of measured) {
    const pair = window.get(one.route)
    if (pair === undefined) continue
    if (Math.min(pair.baseline.latency.count, pair.candidate.latency.count) < fewest) continue
    const baseline = quantileOf(pair.baseline.latency, scale, 0.95)?.value ?? 0
    const candidate = quantileOf(pair.candidate.latency, scale, 0.95)?.value ?? 0
    const weight = weightOf(one)
    weights += weight
    sum += weight * (Math.log(Math.max(candidate, 0.001) / Math.max(baseline, 0.001)) - Math.log(one.line))
  }
  return weights === 0 ? undefined : sum / weights
}
