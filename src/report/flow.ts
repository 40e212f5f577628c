// What went along one edge: counts since the start, and minute by minute for the last few, so that what is happening now
// shows. Exact; it knows neither edges nor clocks. Sums of several processes are flows again.
import { type Bins, emptyBins, merge } from '../sketch/bins.ts'
import { count } from './bounded.ts'

/** Some stretch of time. */
export type Stretch = {
  /** As many as there were requests; of milliseconds. */
  readonly bins: Bins
  errors: number
  /** Of bodies, to the caller. */
  bytes: number
  /** Requests with a trace, and those in which no dialect said anything; of callers alone. */
  carried: number
  absent: number
  /** Requests whose trace arrived broken, by reason. */
  readonly broken: Map<string, number>
}

/** The slot of a minute is that of its number, counted from the Unix epoch, modulo their number. */
export type Flow = {
  /** All that is in no slot any more. */
  readonly before: Stretch
  readonly slots: { minute: number; stretch: Stretch }[]
}

/** Minutes that are kept apart; the last of them is not over. */
export const recentMinutes = 5
const minuteMs = 60_000

/** Reasons of one edge; what is beyond is `other`. */
const reasonCap = 40

export function emptyStretch(): Stretch {
  return { bins: emptyBins(), errors: 0, bytes: 0, carried: 0, absent: 0, broken: new Map() }
}

export function emptyFlow(): Flow {
  return {
    before: emptyStretch(),
    slots: Array.from({ length: recentMinutes }, () => ({ minute: 0, stretch: emptyStretch() }))
  }
}

/** The number of the minute of a time in milliseconds since the Unix epoch. */
export function minuteOf(time: number): number {
  return Math.floor(time / minuteMs)
}

/** When the first of the recent minutes began. */
export function recentFrom(now: number): number {
  return (minuteOf(now) - recentMinutes + 1) * minuteMs
}

/** Where to count what belongs to a minute: never in one that has given way to a later one. */
export function stretchOf({ before, slots }: Flow, minute: number): Stretch {
  const slot = slots[minute % recentMinutes]
  if (slot === undefined || minute < slot.minute) return before
  if (slot.minute < minute) {
    if (slot.minute > 0) addStretch(before, slot.stretch)
    slot.minute = minute
    slot.stretch = emptyStretch()
  }
  return slot.stretch
}

export function countBreak({ broken }: Stretch, reason: string, amount = 1): void {
  count(broken, reason, reasonCap, amount)
}

/** Adds what another process counted of the same edge. */
export function addFlow(into: Flow, from: Flow): void {
  addStretch(into.before, from.before)
  for (const { minute, stretch } of from.slots) {
    if (minute > 0) addStretch(stretchOf(into, minute), stretch)
  }
}

/** All that was counted since the start. */
export function totalOf(flow: Flow): Stretch {
  return sumOf([flow.before, ...flow.slots.map(({ stretch }) => stretch)])
}

/** What was counted in the last minutes. */
export function recentOf({ slots }: Flow, now: number): Stretch {
  const first = minuteOf(now) - recentMinutes + 1
  return sumOf(slots.filter(({ minute }) => minute >= first).map(({ stretch }) => stretch))
}

function sumOf(stretches: readonly Stretch[]): Stretch {
  const sum = emptyStretch()
  for (const stretch of stretches) addStretch(sum, stretch)
  return sum
}

function addStretch(into: Stretch, from: Stretch): void {
  merge(into.bins, from.bins)
  into.errors += from.errors
  into.bytes += from.bytes
  into.carried += from.carried
  into.absent += from.absent
  for (const [reason, amount] of from.broken) countBreak(into, reason, amount)
}
