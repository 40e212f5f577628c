// What a source had counted at one moment, and what came since another. Two snapshots that do not follow one another
// have no difference: that is said, never guessed.
import { type ReadonlyBins, subtract } from '../sketch/bins.ts'
import { type Selector, selects } from './selector.ts'
import type { Counted } from './tally.ts'

export type Series = {
  /** Of the life in which it was counted. */
  readonly epoch: string
  /** When that life began, in milliseconds since the Unix epoch. */
  readonly since: number
  readonly route: string
  readonly tags: ReadonlyMap<string, string>
  readonly errors: number
  readonly latency: ReadonlyBins
}

export type Snapshot = {
  /** Which gateway it is of, for people. */
  readonly who: string
  /** Of the process; '' where the source has none of its own. */
  readonly epoch: string
  /** Milliseconds since the Unix epoch, by the clock of the source. */
  readonly at: number
  /** Attempts that it had no room for. */
  readonly beyond: number
  /** Processes of it that ended without telling what they had counted last. */
  readonly lost: number
  /** Why what it says proves nothing; undefined for a sound one. */
  readonly doubt: string | undefined
  readonly series: ReadonlyMap<string, Series>
}

/** What was counted between two snapshots of one source; undefined where it began anew in between. */
export function between(earlier: Snapshot, later: Snapshot): readonly Series[] | undefined {
  if (earlier.epoch !== later.epoch) return undefined
  for (const key of earlier.series.keys()) if (!later.series.has(key)) return undefined
  const lives = new Set([earlier.epoch, ...[...earlier.series.values()].map(({ epoch }) => epoch)])
  const counted: Series[] = []
  for (const [key, now] of later.series) {
    const before = earlier.series.get(key)
    if (before === undefined) {
      // One that merely was not seen before holds the counts of a whole life, not of this time.
      if (!lives.has(now.epoch) && now.since < earlier.at) return undefined
      counted.push(now)
      continue
    }
    const latency = subtract(now.latency, before.latency)
    const errors = now.errors - before.errors
    if (now.epoch !== before.epoch || latency === undefined || errors < 0) return undefined
    if (latency.count > 0) counted.push({ ...now, errors, latency })
  }
  return counted
}

/** Which of these gateways was asked before under another name; undefined where each is another. */
export function repeatedIn(snapshots: readonly Snapshot[]): string | undefined {
  const epochs = new Set<string>()
  for (const { who, epoch } of snapshots) {
    if (epoch !== '' && epochs.has(epoch)) return who
    epochs.add(epoch)
  }
  return undefined
}

/** The two sides of a rollout. */
export type Sides = { readonly baseline: Selector; readonly candidate: Selector }

/** What of it is of either side; undefined where a target is of both. */
export function sidesOf(
  series: readonly Series[],
  { baseline, candidate }: Sides
): readonly Counted[] | undefined {
  const counted: Counted[] = []
  for (const { route, tags, errors, latency } of series) {
    const isBaseline = selects(baseline, tags)
    const isCandidate = selects(candidate, tags)
    if (isBaseline && isCandidate) return undefined
    if (isBaseline || isCandidate) {
      counted.push({ side: isBaseline ? 'baseline' : 'candidate', route, errors, latency })
    }
  }
  return counted
}
