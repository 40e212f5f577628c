// The heart: trace headers in, trace headers out. Pure: no sockets, no clock, no throw.
import { type Each, type Member, noFields } from '../baggage/baggage.ts'
import { bridge, bridgeOwn } from '../baggage/bridge.ts'
import type { Read } from '../dialects/dialect.ts'
import type { TraceContext } from '../trace/context.ts'
import type { Call } from '../trace/hop.ts'
import { skywalkingSpanId } from '../trace/identity.ts'
import type { Ids } from '../trace/ids.ts'
import { decide, planFor, reprieve } from './decide.ts'
import { continuedId, linksOf, type TraceLink } from './links.ts'
import { keeping } from './members.ts'
import { newTrace, originOf } from './origin.ts'
import { masked, outward, resolved, tellOther } from './outward.ts'
import type { Policy, SamplingPlan, Trust } from './policy.ts'
import { withRandomness } from './randomness.ts'
import { type Arrival, receive } from './receive.ts'
import { restoredOf } from './restore.ts'
import { allAnew, type Untouched, untouchedBy } from './untouched.ts'

/** One request, mediated. */
export type Mediation = {
  readonly arrival: Arrival
  /** Who is followed is not who sent it, but who was before the foreign hop that did. */
  readonly restored: boolean
  readonly trust: Trust
  /** Why the trace is kept or dropped: `tracebridge.sampling.reason`. */
  readonly why: string
  /** The gateway's server span; on a transparent hop the context that goes on as it is. */
  readonly span: TraceContext
  /** The gateway is in the trace: it reports a server span, and a client span for each attempt. */
  readonly reports: boolean
  readonly links: readonly TraceLink[]
  /** Baggage for the upstream: name and value pairs, flat. */
  readonly baggage: readonly string[]
  /** Dialects of baggage with members that made no sense. */
  readonly garbledBaggage: readonly string[]
  /** What passes a transparent hop in the dialect it came in, byte for byte and without baggage. */
  readonly untouched: Untouched
  /** The segment of this request, where anybody is told of one: 32 lower-case hex digits, else ''. */
  readonly segmentId: string
}

/** One attempt to reach an upstream. */
export type Attempt = {
  /** The client span of this attempt: what the upstream becomes a child of. */
  readonly span: TraceContext
  /** Name and value pairs, flat. Every field of `policy.strip` goes before these come. */
  readonly set: string[]
  /** The upstream is told of a trace: not where nothing is emitted, or a wire is silent on one that is dropped. */
  readonly tells: boolean
}

/**
 * Reads the caller's context and places the gateway in its trace, or in a new one. `own` is a member of baggage that goes
 * on whatever the caller says.
 */
export function mediate(
  read: Read,
  policy: Policy,
  plan: SamplingPlan,
  trust: Trust,
  ids: Ids,
  each: Each = noFields,
  own?: Member
): Mediation {
  const arrival = receive(read, policy.accept, policy.conflict)
  const believed = trust === 'continue'
  const reports = policy.spans === 'report'
  const received = believed && policy.takes ? restoredOf(arrival.received) : arrival.received
  const origin = believed ? originOf(received, policy, ids) : newTrace('defer', undefined, ids)
  const links = linksOf(arrival, trust, received)
  const garbledBaggage: string[] = []
  const baggage = believed
    ? bridge(read, each, policy.baggage, continuedId(received), garbledBaggage, own)
    : bridgeOwn(policy.baggage, own)
  const restored = received !== arrival.received
  const passes = believed && !reports && !restored
  const untouched = passes ? untouchedBy(read, policy, arrival) : allAnew
  const same = { arrival, restored, trust, reports, links, baggage, garbledBaggage, untouched }
  if (!reports && origin.spanId !== undefined) {
    // A transparent hop decides nothing: to change the flag without changing the parent id is forbidden.
    // https://www.w3.org/TR/trace-context-2/#mutating-the-traceparent-field
    const span: TraceContext = { ...origin, spanId: origin.spanId }
    return { ...same, why: 'transparent', span, segmentId: '' }
  }
  const { traceId, bits } = origin
  const inForce = planFor(origin.sampling, plan)
  const odds = withRandomness(origin, inForce)
  const decision = decide(origin.sampling, traceId, odds, inForce, bits)
  const { sampling, why, tracestate } = reprieve(decision, origin.sampling, plan, believed ? read : undefined)
  const segmentId = reports && policy.segments ? ids.traceId() : ''
  const span: TraceContext = {
    traceId,
    spanId: ownSpanId(segmentId, 0, ids),
    parentId: origin.spanId,
    sampling,
    bits,
    random: origin.random,
    tracestate,
    residue: origin.residue
  }
  return { ...same, why, span, segmentId }
}

/** What the upstream of one attempt receives: a child of the gateway's span, in each emitted dialect. */
export function attempt(
  mediation: Mediation,
  policy: Policy,
  plan: SamplingPlan,
  ids: Ids,
  call: Call
): Attempt {
  const { span: server, reports, segmentId } = mediation
  const span = reports ? childOf(server, ownSpanId(segmentId, call.number, ids)) : server
  const lone = isLone(mediation)
  const hop = { ...call, segmentId, transparent: !reports || policy.rpc === 'transparent' }
  // A tracestate that passes a transparent hop has its members already.
  const own = reports || server.tracestate === '' || mediation.restored
  const kept = masked(own ? keeping(span, policy.members.write, hop) : span, policy)
  const set: string[] = []
  let decided: TraceContext | undefined
  const { fields, dialects: asTheyCame, apart } = mediation.untouched
  const { dialect: followed } = mediation.arrival
  let tells = followed !== undefined && asTheyCame.includes(followed)
  for (const dialect of policy.emit) {
    if (asTheyCame.includes(dialect.name)) continue
    const other = apart.get(dialect.name)
    if (other !== undefined) {
      tellOther(other, dialect, policy, plan, set, hop)
      continue
    }
    const open = span.sampling === 'defer' && dialect.carries.sampling.defer !== 'defer'
    if (lone && dialect.injectDecision !== undefined) dialect.injectDecision(span.sampling, set)
    else {
      // One decision for all wires that need one: a sampler may not say the same twice.
      if (open) decided ??= resolved(kept, plan)
      const told = open && decided !== undefined ? decided : kept
      if (told.sampling !== 'drop' || dialect.carries.dropped === 'context') tells = true
      dialect.inject(dialect.carries.tracestate ? outward(told, own, policy) : told, set, hop)
    }
  }
  for (const part of fields) set.push(part)
  for (const part of mediation.baggage) set.push(part)
  return { span, set, tells }
}

/** A wish without a trace that passes a transparent hop: no ids of ours, for nobody would find the parent they name. */
function isLone({ arrival, trust, reports }: Mediation): boolean {
  return !reports && trust === 'continue' && arrival.received.kind === 'decision'
}

/** True when the gateway's spans of this request go to the exporters. */
export function isSampled(span: TraceContext): boolean {
  return span.sampling === 'keep' || span.sampling === 'debug'
}

/** A span of the gateway: where it has a segment, as SkyWalking's back ends would name it from that. */
function ownSpanId(segmentId: string, index: number, ids: Ids): string {
  return segmentId === '' ? ids.spanId() : skywalkingSpanId(segmentId, index)
}

function childOf(parent: TraceContext, spanId: string): TraceContext {
  return {
    traceId: parent.traceId,
    spanId,
    parentId: parent.spanId,
    sampling: parent.sampling,
    bits: parent.bits,
    random: parent.random,
    tracestate: parent.tracestate,
    residue: parent.residue
  }
}
