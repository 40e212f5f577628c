// Rollouts as the judge is shown them, made of drawn latencies.
import { type Counted, type Period, periodOf } from '../../src/gate/tally.ts'
import { parts } from '../../src/gate/verdict.ts'
import { add, type Bins, emptyBins } from '../../src/sketch/bins.ts'
import { indexOf } from '../../src/sketch/scale.ts'

/** One route in one part of the window. */
export type Share = {
  readonly route?: string
  readonly baseline: { readonly requests: number; readonly latency: () => number; readonly errors?: number }
  readonly candidate: { readonly requests: number; readonly latency: () => number; readonly errors?: number }
}

export function sketched(requests: number, latency: () => number): Bins {
  const bins = emptyBins()
  for (let i = 0; i < requests; i++) add(bins, indexOf(latency()))
  return bins
}

/** One part of a window. */
export function part(shares: readonly Share[]): Period {
  const counted: Counted[] = shares.flatMap(({ route = 'orders', ...sides }) =>
    (['baseline', 'candidate'] as const)
      .filter(side => sides[side].requests > 0)
      .map(side => {
        const { requests, latency, errors = 0 } = sides[side]
        return { side, route, errors, latency: sketched(requests, latency) }
      })
  )
  return periodOf(counted)
}

/** A window of five equal parts. */
export function windowOf(...shares: readonly Share[]): readonly Period[] {
  return Array.from({ length: parts }, () => part(shares))
}
