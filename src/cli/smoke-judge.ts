// What smoke makes of its trips: which pairs of dialects are whole. Pure: no sockets, no text for people.
import { type Place, type Propagator, type Witnessed, witnessed } from '../echo/propagators.ts'
import { type Header, reader } from '../echo/seen.ts'

/** One request: the context it was sent with in one dialect, and the headers that the echo received. */
export type Trip = {
  readonly dialect: Witnessed
  readonly sent: Place
  readonly headers: readonly Header[]
  readonly arrived: readonly Header[]
}

export type Pair = {
  readonly in: Witnessed
  readonly out: Witnessed
  /** `missing`: no field of `out` arrived; `unreadable`: fields without a context that OpenTelemetry takes. */
  readonly verdict: 'whole' | 'missing' | 'unreadable' | 'trace id differs'
  /** The trips that it holds for, where it does not hold for all. */
  readonly when: 'sampled' | 'not sampled' | undefined
  /** The caller's decision; undefined unless whole. A change is no break: rules may ask for it. */
  readonly sampling: 'kept' | 'changed' | undefined
  /** The parent that the upstream gets: a new span, the gateway's, or the caller's own; undefined unless whole. */
  readonly parent: 'new' | 'own' | 'both' | undefined
}

export type Judgement = {
  readonly whole: boolean
  readonly in: readonly Witnessed[]
  /** The dialects that arrived for any caller: what this gateway hands its upstream. */
  readonly out: readonly Witnessed[]
  readonly pairs: readonly Pair[]
  /** Fields sent that the echo did not receive, of callers with a broken pair or a decision lost in their own dialect. */
  readonly lost: readonly { readonly in: Witnessed; readonly fields: readonly string[] }[]
}

type Propagators = Readonly<Record<Witnessed, Propagator>>

/** Judges trips, one or more for each dialect in. */
export function judge(trips: readonly Trip[], propagators: Propagators): Judgement {
  const ins = witnessed.filter(dialect => trips.some(trip => trip.dialect === dialect))
  const outs = witnessed.filter(dialect => trips.some(trip => arrived(trip, propagators[dialect])))
  const pairs = ins.flatMap(dialect => {
    const own = trips.filter(trip => trip.dialect === dialect)
    return outs.map(out => pair(dialect, out, own, propagators[out]))
  })
  const broken = new Set(pairs.filter(({ verdict }) => verdict !== 'whole').map(found => found.in))
  // A gateway takes away what it does not emit, so a field that is gone says nothing while the pairs are well.
  const changed = new Set(
    pairs.filter(found => found.in === found.out && found.sampling === 'changed').map(found => found.in)
  )
  const lost = ins
    .filter(dialect => broken.has(dialect) || changed.has(dialect) || outs.length === 0)
    .map(dialect => ({ in: dialect, fields: lostFields(trips.filter(trip => trip.dialect === dialect)) }))
    .filter(({ fields }) => fields.length > 0)
  return { whole: outs.length > 0 && broken.size === 0, in: ins, out: outs, pairs, lost }
}

function arrived(trip: Trip, { fields }: Propagator): boolean {
  return trip.arrived.some(([name]) => fields.includes(name.toLowerCase()))
}

function pair(dialect: Witnessed, out: Witnessed, trips: readonly Trip[], propagator: Propagator): Pair {
  const found = trips.map(trip => ({ sent: trip.sent, ...verdictOf(trip, propagator) }))
  const worst = found.find(({ verdict }) => verdict !== 'whole')
  if (worst !== undefined) {
    const all = found.every(({ verdict }) => verdict === worst.verdict)
    const when = all ? undefined : worst.sent.sampled ? 'sampled' : 'not sampled'
    return { in: dialect, out, verdict: worst.verdict, when, sampling: undefined, parent: undefined }
  }
  const kept = found.every(({ sent, got }) => got?.sampled === sent.sampled)
  const own = found.filter(({ sent, got }) => got?.spanId === sent.spanId).length
  const parent = own === 0 ? 'new' : own === found.length ? 'own' : 'both'
  return { in: dialect, out, verdict: 'whole', when: undefined, sampling: kept ? 'kept' : 'changed', parent }
}

function verdictOf(trip: Trip, propagator: Propagator): { verdict: Pair['verdict']; got: Place | null } {
  const got = propagator.extract(reader(trip.arrived))
  if (got === null) return { verdict: arrived(trip, propagator) ? 'unreadable' : 'missing', got }
  return { verdict: got.traceId === trip.sent.traceId ? 'whole' : 'trace id differs', got }
}

function lostFields(trips: readonly Trip[]): readonly string[] {
  const lost = new Set<string>()
  for (const trip of trips) {
    const there = new Set(trip.arrived.map(([name]) => name.toLowerCase()))
    for (const [name] of trip.headers) if (!there.has(name.toLowerCase())) lost.add(name)
  }
  return [...lost]
}
