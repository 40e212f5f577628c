// The time that a gate takes: warm-up, windows, waiting while nothing is proven. It takes snapshots and hands what lies
// between them to the judge; it reads no flags and prints no table.
import { setTimeout as sleep } from 'node:timers/promises'
import { selects } from '../gate/selector.ts'
import { between, repeatedIn, type Sides, type Snapshot, sidesOf } from '../gate/snapshot.ts'
import { type Counted, type Period, periodOf, together } from '../gate/tally.ts'
import { type GateSettings, type Judgement, judge, parts } from '../gate/verdict.ts'
import { formatDuration } from '../rules/values.ts'
import type { Scale } from '../sketch/scale.ts'
import type { Source, Taken } from './source.ts'

/** Milliseconds. */
export type Timing = { readonly window: number; readonly warmUp: number; readonly for: number }

export type Watched =
  | {
      readonly judgement: Judgement
      /** All that was judged. */
      readonly period: Period
      readonly scale: Scale
      readonly measuredMs: number
      /** What people should know beside the verdict. */
      readonly notes: readonly string[]
    }
  | { readonly unreachable: string }

export type WatchOptions = {
  readonly source: Source
  readonly sides: Sides
  readonly settings: GateSettings
  readonly timing: Timing
  readonly signal: AbortSignal
  /** Told after each window that proves nothing. */
  readonly onWait: (why: readonly string[], measuredMs: number) => void
}

/** A clock that is further off than this is not set. */
const clockLimitMs = 30_000
const tries = 3
const betweenTries = 500
const tagsShown = 20

export type Sound = Extract<Taken, { readonly snapshots: readonly Snapshot[] }>

/** What was counted so far, and up to which snapshot. */
type Progress = {
  last: Sound
  lastAt: number
  periods: readonly Period[]
  measuredMs: number
  readonly notes: string[]
}

/** Resolves with the verdict, about `timing.for` later at the latest. */
export async function watch(options: WatchOptions): Promise<Watched> {
  const { source, sides, settings, timing, signal, onWait } = options
  const first = await source.take(signal)
  if ('unreachable' in first) return first
  const step = timing.window / parts
  const progress: Progress = { last: first, lastAt: 0, periods: [], measuredMs: 0, notes: [] }
  const conclude = (judgement: Judgement): Watched => ({
    judgement,
    period: together(progress.periods),
    scale: progress.last.scale,
    measuredMs: progress.measuredMs,
    notes: [...progress.notes, ...judgement.notes, ...tagsNote(progress.last, sides)]
  })
  const judged = (): Judgement => judge(progress.periods, progress.last.scale, settings)
  const unknown = (why: string): Watched =>
    conclude({ ...judged(), verdict: 'inconclusive', why: [why], enough: false })

  const wrong = problemOf(first)
  if (wrong !== undefined) return unknown(wrong)
  const { taken: warm, idleMs } = await warmedUp(first, options)
  if (signal.aborted) return unknown('interrupted')
  if ('unreachable' in warm) return warm
  progress.last = warm
  progress.lastAt = performance.now()
  const end = progress.lastAt + timing.for - timing.warmUp - idleMs
  // Looks keep to their times, so that asking takes none from the last: a window that fits is always a whole one.
  for (let due = progress.lastAt + step; due <= end + step / 2; due += step) {
    await pause(due - performance.now(), signal)
    const taken = await patient(source, signal)
    if (signal.aborted) return unknown('interrupted')
    if ('unreachable' in taken) return taken
    const wrong = advance(progress, taken, sides)
    if (wrong !== undefined) return unknown(wrong)
    if (progress.periods.length === 0 || progress.periods.length % parts !== 0) continue
    const judgement = judged()
    if (judgement.verdict !== 'inconclusive') return conclude(judgement)
    if (due + step <= end + step / 2) onWait(judgement.why, progress.measuredMs)
  }
  if (progress.periods.length >= parts) return conclude(judged())
  const [lost] = progress.notes.slice(-1)
  return unknown(
    lost === undefined
      ? 'no request of the candidate came in time for a whole window'
      : `no time for a whole window: ${lost}`
  )
}

/** Counts what came since the last snapshot; why nothing can be said, where that is so. */
function advance(progress: Progress, taken: Sound, sides: Sides): string | undefined {
  const counted = countedBetween(progress.last, taken, sides)
  const now = performance.now()
  const ms = now - progress.lastAt
  progress.last = taken
  progress.lastAt = now
  if ('wrong' in counted) return counted.wrong
  if ('restarted' in counted) {
    progress.periods = []
    progress.measuredMs = 0
    progress.notes.push(`${counted.restarted}: what was counted before is not used`)
  } else {
    progress.periods = [...progress.periods, periodOf(counted.all)]
    progress.measuredMs += ms
  }
  return problemOf(taken)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(Math.max(0, ms), undefined, { signal }).catch(() => {})
}

/** A moment without an answer is no reason to throw a window away. */
async function patient(source: Source, signal: AbortSignal): Promise<Taken> {
  let taken = await source.take(signal)
  for (let i = 1; i < tries && 'unreachable' in taken && !signal.aborted; i++) {
    await pause(betweenTries, signal)
    taken = await source.take(signal)
  }
  return taken
}

/**
 * The snapshot from which counts are used, when the candidate has served for the time of the warm-up, and for how long it
 * had served nothing before.
 */
async function warmedUp(
  first: Sound,
  { source, sides, timing, signal }: WatchOptions
): Promise<{ readonly taken: Taken; readonly idleMs: number }> {
  if (timing.warmUp === 0) return { taken: first, idleMs: 0 }
  const start = performance.now()
  const look = Math.max(20, Math.min(5000, timing.warmUp / 10))
  // It served no request before this moment, so that what comes a warm-up later is warm.
  let cold = start
  while (!signal.aborted && cold - start < timing.for - timing.warmUp) {
    await pause(look, signal)
    const now = performance.now()
    const taken = await patient(source, signal)
    if ('unreachable' in taken) return { taken, idleMs: 0 }
    const counted = countedBetween(first, taken, sides)
    if (!('all' in counted) || counted.all.some(({ side }) => side === 'candidate')) break
    cold = now
  }
  await pause(cold + timing.warmUp - performance.now(), signal)
  return { taken: await patient(source, signal), idleMs: cold - start }
}

/** A side that nothing was ever counted of may be misspelt: tells which tags there are. */
export function tagsNote({ snapshots }: Sound, { baseline, candidate }: Sides): string[] {
  const tags = snapshots.flatMap(({ series }) => [...series.values()].map(one => one.tags))
  if ([baseline, candidate].every(side => tags.some(of => selects(side, of)))) return []
  const seen = new Set(tags.flatMap(of => [...of].map(([key, value]) => `${key}=${value}`)))
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
function problemOf({ snapshots }: Sound): string | undefined {
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
