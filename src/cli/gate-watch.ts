// The time that a gate takes: warm-up, windows, waiting while nothing is proven. It takes snapshots and hands what lies
// between them to the judge; it reads no flags and prints no table.
import type { Sides } from '../gate/snapshot.ts'
import { type Period, periodOf, together } from '../gate/tally.ts'
import { type GateSettings, type Judgement, judge, parts } from '../gate/verdict.ts'
import { type Scale, sketchScale } from '../sketch/scale.ts'
import { countedBetween, isHalf, patient, pause, problemOf, type Sound, tagsNote } from './looks.ts'
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

/** Of a gate that was interrupted before the first answer. */
const nothing: Sound = { snapshots: [], scale: sketchScale }

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
  const asked = await source.take(signal)
  const first = isHalf(asked) && !('unreachable' in asked) ? await patient(source, signal) : asked
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
  progress.lastAt = performance.now()
  const cold = problemOf(warm)
  if (cold !== undefined) return unknown(cold)
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
