// Whether the candidate's p95 is over the line: route by route, since a change of what is asked for is no regression,
// and over all routes together. It judges what it is given; whether that is enough, verdict.ts says.
import type { Scale } from '../sketch/scale.ts'
import { normalTail } from './binomial.ts'
import {
  combined,
  type Distance,
  directionOf,
  type LatencyLimits,
  type Measured,
  measure,
  type RouteP95,
  ratioOf,
  z
} from './distance.ts'
import { holm } from './holm.ts'
import type { Estimate } from './quantile.ts'
import type { Period } from './tally.ts'

export type Finding = 'over' | 'within' | 'open'

export type RouteLatency = RouteP95 & { readonly finding: Finding }

export type LatencyFinding = {
  readonly routes: readonly RouteLatency[]
  /** Of all routes, each weighed by how surely it is known; undefined where none is known on either side. */
  readonly ratio: Estimate | undefined
  readonly finding: Finding
  /** In how many of the sub-windows the candidate was over the line. */
  readonly over: number
}

/** Probability of a wrong yes for a candidate that is exactly on the line. */
export const level = 0.05
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
  // What is beyond the last bucket has no weight beside others.
  const weighable = measured.filter(({ down, up }) => Number.isFinite(down + up))
  const all = combined(weighable)
  const directions = windows.map(window => directionOf(window, weighable, scale))
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
  const quicker =
    all === undefined
      ? routes.every(route => route.finding === 'within')
      : all.beyond < -z * all.up && below >= most(windows)
  const slower = all !== undefined && all.beyond > z * all.down && over >= most(windows)
  const finding: Finding =
    slower || routes.some(route => route.finding === 'over') ? 'over' : quicker ? 'within' : 'open'
  const [first] = measured
  const ratio = measured.length === 1 ? first?.ratio : ratioOf(weighable)
  return { routes, ratio, finding, over }
}

/** Three of five. */
export function most(windows: readonly unknown[]): number {
  return Math.ceil((windows.length * 3) / 5)
}

function tail({ beyond, down }: Distance): number {
  return normalTail(beyond / down)
}
