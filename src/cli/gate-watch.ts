// The time that a gate takes: warm-up, windows, waiting while nothing is proven. It takes snapshots and hands what lies
// between them to the judge; it reads no flags and prints no table.
import type { Sides } from '../gate/snapshot.ts'
import { type Period, periodOf, together } from '../gate/tally.ts'
import { type GateSettings, type Judgement, judge, parts } from '../gate/verdict.ts'
import { type Scale, sketchScale } from '../sketch/scale.ts'
import type { Clock } from './clock.ts'
import { countedBetween, isHalf, patient, problemOf, type Sound, tagsNote } from './looks.ts'
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
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told after each window that proves nothing. */
  readonly onWait: (why: readonly string[], measuredMs: number) => void
}

/** Of a gate that was interrupted before the first answer. */
const nothing: Sound = { snapshots: [], scale: sketchScale }

/** What was counted so far, and up to which snapshot. */
type Progress = {
  last: Sound
  lastAt: number
  readonly periods: Period[]
  measuredMs: number
  readonly notes: string[]
}

/** Resolves with the verdict, `timing.for` later at the latest, but for what was asked before that. */
export async function watch(options: WatchOptions): Promise<Watched> {
  const { source, sides, settings, timing, clock, signal, onWait } = options
  const asked = await source.take(signal)
  const first = isHalf(asked) && !('unreachable' in asked) ? await patient(source, clock, signal) : asked
  if ('unreachable' in first && !signal.aborted) return first
  const step = timing.window / parts
  const last = 'unreachable' in first ? nothing : first
  const progress: Progress = { last, lastAt: 0, periods: [], measuredMs: 0, notes: [] }
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

  if (signal.aborted) return unknown('interrupted')
  const wrong = problemOf(last)
  if (wrong !== undefined) return unknown(wrong)
  const { taken: warm, idleMs } = await warmedUp(last, options)
  if (signal.aborted) return unknown('interrupted')
  if ('unreachable' in warm) return warm
  progress.last = warm
  progress.lastAt = clock.now()
  const cold = problemOf(warm)
  if (cold !== undefined) return unknown(cold)
  // Half a step more: that it took time to ask is no reason to leave the last look out.
  const end = progress.lastAt + timing.for - timing.warmUp - idleMs + step / 2
  let due = progress.lastAt + step
  while (due <= end) {
    await clock.pause(due - clock.now(), signal)
    const taken = await patient(source, clock, signal)
    if (signal.aborted) return unknown('interrupted')
    if ('unreachable' in taken) return taken
    const wrong = advance(progress, taken, sides, clock.now())
    if (wrong !== undefined) return unknown(wrong)
    // Looks keep to their times, so that asking takes none from a window; one that is overdue is taken at once, and once.
    due = Math.max(due + step, clock.now())
    if (progress.periods.length === 0 || progress.periods.length % parts !== 0) continue
    const judgement = judged()
    if (judgement.verdict !== 'inconclusive') return conclude(judgement)
    if (due <= end) onWait(judgement.why, progress.measuredMs)
  }
  if (progress.periods.length >= parts) return conclude(judged())
  return unknown(shortOf(progress))
}

/** Why there was no whole window. */
function shortOf({ notes, periods }: Progress): string {
  const [lost] = notes.slice(-1)
  if (lost !== undefined) return `no time for a whole window: ${lost}`
  if (periods.length === 0) return 'no request of the candidate came in time for a whole window'
  return `no time for a whole window: answers took so long that ${periods.length} looks were in time, ${parts} are needed`
}

/** Counts what came since the last snapshot; why nothing can be said, where that is so. */
function advance(progress: Progress, taken: Sound, sides: Sides, now: number): string | undefined {
  const counted = countedBetween(progress.last, taken, sides)
  const ms = now - progress.lastAt
  progress.last = taken
  progress.lastAt = now
  if ('wrong' in counted) return counted.wrong
  if ('restarted' in counted) {
    progress.periods.length = 0
    progress.measuredMs = 0
    progress.notes.push(`${counted.restarted}: what was counted before is not used`)
  } else {
    progress.periods.push(periodOf(counted.all))
    progress.measuredMs += ms
  }
  return problemOf(taken)
}

/**
 * The snapshot from which counts are used, when the candidate has served for the time of the warm-up, and for how long it
 * had served nothing before.
 */
async function warmedUp(
  first: Sound,
  { source, sides, timing, clock, signal }: WatchOptions
): Promise<{ readonly taken: Taken; readonly idleMs: number }> {
  if (timing.warmUp === 0) return { taken: first, idleMs: 0 }
  const start = clock.now()
  const look = Math.max(20, Math.min(5000, timing.warmUp / 10))
  // It served no request before this moment, so that what comes a warm-up later is warm.
  let cold = start
  while (!signal.aborted && cold - start < timing.for - timing.warmUp) {
    await clock.pause(look, signal)
    const now = clock.now()
    const taken = await patient(source, clock, signal)
    if ('unreachable' in taken) return { taken, idleMs: 0 }
    const counted = countedBetween(first, taken, sides)
    if (!('all' in counted) || counted.all.some(({ side }) => side === 'candidate')) break
    cold = now
  }
  await clock.pause(cold + timing.warmUp - clock.now(), signal)
  return { taken: await patient(source, clock, signal), idleMs: cold - start }
}
