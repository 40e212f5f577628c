// Looks at the places that count: whether what they say is to be relied on, and what came between two looks. It judges no
// rollout, and waits only for who was late.
import { selects, writeTag } from '../gate/selector.ts'
import { between, repeatedIn, type Sides, type Snapshot, sidesOf } from '../gate/snapshot.ts'
import type { Counted } from '../gate/tally.ts'
import { formatDuration } from '../rules/values.ts'
import type { Clock } from './clock.ts'
import type { Source, Taken } from './source.ts'

/** A clock that is further off than this is not set. */
const clockLimitMs = 30_000
const tries = 3
const betweenTries = 500
const tagsShown = 20

export type Sound = Extract<Taken, { readonly snapshots: readonly Snapshot[] }>

/** Somebody who should have said something did not. */
export function isHalf(taken: Taken): boolean {
  return 'unreachable' in taken || taken.snapshots.some(({ doubt }) => doubt !== undefined)
}

/** A moment without an answer is no reason to throw a window away. */
export async function patient(source: Source, clock: Clock, signal: AbortSignal): Promise<Taken> {
  let taken = await source.take(signal)
  for (let i = 1; i < tries && isHalf(taken) && !signal.aborted; i++) {
    await clock.pause(betweenTries, signal)
    taken = await source.take(signal)
  }
  return taken
}

/** A side that nothing was ever counted of may be misspelt: tells which tags there are. */
export function tagsNote({ snapshots }: Sound, { baseline, candidate }: Sides): string[] {
  const tags = snapshots.flatMap(({ series }) => [...series.values()].map(one => one.tags))
  if ([baseline, candidate].every(side => tags.some(of => selects(side, of)))) return []
  const seen = new Set(tags.flatMap(of => [...of].map(([key, value]) => writeTag(key, value))))
  return seen.size === 0 ? [] : [`tags of targets that served: ${[...seen].slice(0, tagsShown).join(', ')}`]
}

type Between =
  | { readonly all: readonly Counted[] }
  /** Who began anew, in words. */
  | { readonly restarted: string }
  | { readonly wrong: string }

function restartOf({ who, epoch }: Snapshot): string {
  return epoch === ''
    ? `a gateway restarted, or a scrape of it is missing at ${who}`
    : `${who} restarted, or stands for several gateways`
}

/** What came between two looks at the same places. */
export function countedBetween(earlier: Sound, later: Sound, sides: Sides): Between {
  const all: Counted[] = []
  for (const [i, now] of later.snapshots.entries()) {
    const before = earlier.snapshots[i]
    const series = before === undefined ? undefined : between(before, now)
    if (series === undefined || before === undefined) return { restarted: restartOf(now) }
    if (now.lost > before.lost) {
      return { restarted: `a worker of ${now.who} ended without telling what it had counted` }
    }
    if (now.beyond > before.beyond) {
      return { wrong: `${now.who} serves more routes and tags than it keeps apart, so some were not counted` }
    }
    const counted = sidesOf(series, sides)
    if (counted === undefined) return { wrong: 'a target is of both sides' }
    all.push(...counted)
  }
  return { all }
}

/** Why these snapshots are not to be relied on. */
export function problemOf({ snapshots }: Sound): string | undefined {
  for (const { who, at, doubt } of snapshots) {
    if (doubt !== undefined) return doubt
    const offMs = Math.round(at - Date.now())
    if (Math.abs(offMs) > clockLimitMs) {
      const how = `${formatDuration(Math.round(Math.abs(offMs) / 1000) * 1000)} ${offMs > 0 ? 'ahead' : 'behind'}`
      return `clocks are apart: that of ${who} is ${how}`
    }
  }
  const repeated = repeatedIn(snapshots)
  return repeated === undefined ? undefined : `${repeated} is a gateway that is named twice`
}
