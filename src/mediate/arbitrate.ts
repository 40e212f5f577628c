// Several dialects said where a request comes from: whose word is followed, what the others add to it, and who
// contradicts. Runs only where more than one was spoken; must not read headers.
import type { Reader } from '../dialects/dialect.ts'
import { absent, type Received, type TraceContext } from '../trace/context.ts'
import { isNarrow, sameTrace } from '../trace/width.ts'
import { lent, type Place, type Spoken } from './lend.ts'
import type { Precedence } from './policy.ts'

/** A context that names another trace than the one followed. */
export type Conflict = {
  readonly dialect: string
  readonly traceId: string
  readonly spanId: string | undefined
}

export type Verdict = {
  readonly dialect: string | undefined
  readonly received: Received
  readonly conflicts: readonly Conflict[]
}

const nobody: readonly never[] = []

/**
 * Settles who is followed. A whole context goes before a trace without a parent, and that before a lone decision;
 * among equals `by` chooses. What repeats the trace that was chosen is no conflict but lends what it alone knows.
 * `spoken` is in order of precedence, and not empty.
 */
export function arbitrate(spoken: readonly Spoken[], accept: readonly Reader[], by: Precedence): Verdict {
  const [first] = spoken
  // What callers of several dialects mostly send: one context, said again and again.
  if (by === 'first' && first?.received.kind === 'context' && echoed(first.received.context, spoken)) {
    return { dialect: first.dialect, received: first.received, conflicts: nobody }
  }
  const places = spoken.flatMap(placeOf)
  const whole = places.filter(({ context }) => context !== undefined)
  const lead = leader(whole.length > 0 ? whole : places, accept, by)
  if (lead === undefined) {
    return { dialect: first?.dialect, received: first?.received ?? absent, conflicts: nobody }
  }
  const traceId = widest(lead, places)
  const same = places.filter(({ trace }) => sameTrace(trace.traceId, traceId))
  const followed = nearest(lead, same, traceId)
  const conflicts = places
    .filter(({ trace }) => !sameTrace(trace.traceId, traceId))
    .map(({ dialect, trace, context }) => ({ dialect, traceId: trace.traceId, spanId: context?.spanId }))
  return { dialect: followed.dialect, received: lent(followed, same, traceId, spoken, accept), conflicts }
}

/** Whether nobody says anything but what this context says. */
function echoed(context: TraceContext, spoken: readonly Spoken[]): boolean {
  for (const { received } of spoken) {
    if (received.kind !== 'context') return false
    if (received.context !== context && adds(received.context, context)) return false
  }
  return true
}

function adds(other: TraceContext, context: TraceContext): boolean {
  return (
    other.traceId !== context.traceId ||
    other.spanId !== context.spanId ||
    other.sampling !== context.sampling ||
    other.bits !== context.bits ||
    other.residue !== undefined ||
    (other.parentId !== undefined && other.parentId !== context.parentId) ||
    (other.tracestate !== '' && context.tracestate === '') ||
    (other.random && !context.random)
  )
}

function placeOf({ dialect, received }: Spoken): readonly Place[] {
  if (received.kind === 'context') return [{ dialect, trace: received.context, context: received.context }]
  return received.kind === 'trace' ? [{ dialect, trace: received.trace, context: undefined }] : []
}

function leader(places: readonly Place[], accept: readonly Reader[], by: Precedence): Place | undefined {
  const [first] = places
  if (by === 'first' || places.length < 2) return first
  const bornOf = (place: Place) => accept.find(({ name }) => name === place.dialect)?.born ?? 0
  const weight = by === 'richest' ? richness : bornOf
  // Of equals the first one stays.
  return places.reduce((best, each) => (weight(each) > weight(best) ? each : best))
}

/** What weighs more alone weighs more than all below it together. */
function richness({ trace, context }: Place): number {
  return (
    (isNarrow(trace.traceId) ? 0 : 8) +
    (trace.tracestate === '' ? 0 : 4) +
    (context?.parentId === undefined ? 0 : 2) +
    (trace.sampling === 'defer' ? 0 : 1)
  )
}

/** The trace's id as the first that has all of it says. */
function widest({ trace: { traceId } }: Place, places: readonly Place[]): string {
  if (!isNarrow(traceId)) return traceId
  return (
    places.find(({ trace }) => sameTrace(trace.traceId, traceId) && !isNarrow(trace.traceId))?.trace
      .traceId ?? traceId
  )
}

/**
 * The place that the gateway hangs below. Whoever names another's span as its own parent came after it; else who
 * knows the whole trace id is the more precise; else who leads.
 */
function nearest(lead: Place, same: readonly Place[], traceId: string): Place {
  const whole = same.filter(({ context }) => context !== undefined)
  let followed =
    lead.trace.traceId === traceId ? lead : (whole.find(({ trace }) => trace.traceId === traceId) ?? lead)
  // As many steps as there are places: two that name each other must not go round for ever.
  for (let steps = whole.length; steps > 1; steps--) {
    const spanId = followed.context?.spanId
    const later = whole.find(({ context }) => context?.parentId === spanId && context?.spanId !== spanId)
    if (later === undefined) break
    followed = later
  }
  return followed
}
