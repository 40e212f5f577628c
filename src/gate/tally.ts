// What was counted of the two sides of a rollout, route by route. It only adds up.
import { type Bins, emptyBins, merge, type ReadonlyBins } from '../sketch/bins.ts'

export type Tally = { readonly errors: number; readonly latency: ReadonlyBins }

/** The requests of one route on both sides. */
export type Pair = { readonly baseline: Tally; readonly candidate: Tally }

/** One stretch of time, by route. */
export type Period = ReadonlyMap<string, Pair>

type Side = 'baseline' | 'candidate'

/** Something that was counted for a side. */
export type Counted = {
  readonly side: Side
  readonly route: string
  readonly errors: number
  readonly latency: ReadonlyBins
}

type Sum = { errors: number; readonly latency: Bins }

/** Adds up by route and side. */
export function periodOf(counted: Iterable<Counted>): Period {
  const period = new Map<string, { readonly baseline: Sum; readonly candidate: Sum }>()
  for (const { side, route, errors, latency } of counted) {
    const pair = period.get(route) ?? { baseline: none(), candidate: none() }
    period.set(route, pair)
    const sum = pair[side]
    sum.errors += errors
    merge(sum.latency, latency)
  }
  return period
}

/** Stretches of time that follow one another, or the same one in several places, as one. */
export function together(periods: readonly Period[]): Period {
  return periodOf(
    periods.flatMap(period =>
      [...period].flatMap(([route, pair]) => [
        { side: 'baseline', route, ...pair.baseline } as const,
        { side: 'candidate', route, ...pair.candidate } as const
      ])
    )
  )
}

/** All routes of one side as one. */
export function sideOf(period: Period, side: Side): Tally {
  const sum = none()
  for (const pair of period.values()) {
    sum.errors += pair[side].errors
    merge(sum.latency, pair[side].latency)
  }
  return sum
}

function none(): Sum {
  return { errors: 0, latency: emptyBins() }
}
