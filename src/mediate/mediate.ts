// The heart: trace headers in, trace headers out. Pure: no sockets, no clock, no throw.
import { type Each, noFields } from '../baggage/baggage.ts'
import { bridge } from '../baggage/bridge.ts'
import type { Read } from '../dialects/dialect.ts'
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import type { Call } from '../trace/hop.ts'
import { skywalkingSpanId } from '../trace/identity.ts'
import type { Ids } from '../trace/ids.ts'
import { decide } from './decide.ts'
import { keeping, remembered } from './members.ts'
import type { Policy, SamplingPlan, Trust } from './policy.ts'
import { withRandomness } from './randomness.ts'
import { type Arrival, receive } from './receive.ts'

/** Another trace that this one should point at: https://opentelemetry.io/docs/specs/otel/overview/#links-between-spans */
export type TraceLink = {
  readonly traceId: string
  readonly spanId: string
  readonly dialect: string
  readonly reason: 'restarted' | 'conflict'
}

/** One request, mediated. */
export type Mediation = {
  readonly arrival: Arrival
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
  /** What passes a transparent hop in the dialect it came in, byte for byte; flat. */
  readonly untouched: readonly string[]
  /** The segment of this request, where an emitted dialect has one: 32 lower-case hex digits, else ''. */
  readonly segmentId: string
}

/** One attempt to reach an upstream. */
export type Attempt = {
  /** The client span of this attempt: what the upstream becomes a child of. */
  readonly span: TraceContext
  /** Name and value pairs, flat. Every field of `policy.strip` goes before these come. */
  readonly set: string[]
}

/** Reads the caller's context and places the gateway in its trace, or in a new one. */
export function mediate(
  read: Read,
  policy: Policy,
  plan: SamplingPlan,
  trust: Trust,
  ids: Ids,
  each: Each = noFields
): Mediation {
  const arrival = receive(read, policy.accept)
  const believed = trust === 'continue'
  const reports = policy.spans === 'report'
  const origin = believed ? originOf(arrival.received, policy, ids) : newTrace('defer', undefined, ids)
  const links = linksOf(arrival, trust)
  const garbledBaggage: string[] = []
  const baggage = believed
    ? bridge(read, each, policy.baggage, continuedId(arrival.received), garbledBaggage)
    : nothing
  const same = { arrival, trust, reports, links, baggage, garbledBaggage }
  if (!reports && origin.spanId !== undefined) {
    // A transparent hop decides nothing: to change the flag without changing the parent id is forbidden.
    // https://www.w3.org/TR/trace-context-2/#mutating-the-traceparent-field
    const span: TraceContext = { ...origin, spanId: origin.spanId }
    return { ...same, why: 'transparent', span, segmentId: '', untouched: untouchedBy(read, policy, arrival) }
  }
  const { traceId, bits } = origin
  const odds = withRandomness(origin, plan)
  const { sampling, why, tracestate } = decide(origin.sampling, traceId, odds, plan, bits)
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
  return { ...same, why, span, segmentId, untouched: nothing }
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
  const kept = reports || server.tracestate === '' ? keeping(span, policy.members.write, hop) : span
  const set: string[] = []
  for (const dialect of policy.emit) {
    const open = span.sampling === 'defer' && dialect.carries.sampling.defer !== 'defer'
    if (mediation.untouched.length > 0 && dialect.name === mediation.arrival.dialect) continue
    if (lone && dialect.injectDecision !== undefined) dialect.injectDecision(span.sampling, set)
    else dialect.inject(open ? resolved(kept, plan) : kept, set, hop)
  }
  for (const part of mediation.untouched) set.push(part)
  for (const part of mediation.baggage) set.push(part)
  return { span, set }
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

/** A wire without `defer` cannot be told "you decide": the gateway does it, for this wire alone. */
function resolved(span: TraceContext, plan: SamplingPlan): TraceContext {
  const { sampling, tracestate } = decide('defer', span.traceId, withRandomness(span, plan), plan, span.bits)
  return { ...span, sampling, tracestate }
}

/** Where the gateway's span hangs: the caller's span, or nothing when the trace begins here. */
type Origin = Omit<TraceContext, 'spanId'> & { readonly spanId: string | undefined }

function originOf(received: Received, policy: Policy, ids: Ids): Origin {
  switch (received.kind) {
    case 'context': {
      const { context } = received
      const residue = remembered(context, policy.members.read)
      return residue === context.residue ? context : { ...context, residue }
    }
    case 'trace':
      return { ...received.trace, spanId: undefined, parentId: undefined }
    case 'decision':
      return newTrace(received.sampling, received.residue, ids)
    case 'none':
      return newTrace('defer', undefined, ids)
  }
}

function newTrace(sampling: Sampling, residue: Residue | undefined, ids: Ids): Origin {
  return {
    traceId: ids.traceId(),
    spanId: undefined,
    parentId: undefined,
    sampling,
    bits: 128,
    random: true,
    tracestate: '',
    residue
  }
}

const noLinks: readonly TraceLink[] = []

function linksOf({ dialect, received, conflicts }: Arrival, trust: Trust): readonly TraceLink[] {
  if (trust === 'restart' && received.kind === 'context' && dialect !== undefined) {
    const { traceId, spanId } = received.context
    return [{ traceId, spanId, dialect, reason: 'restarted' }]
  }
  if (trust !== 'continue' || conflicts.length === 0) return noLinks
  const links: TraceLink[] = []
  for (const { traceId, spanId, dialect: loser } of conflicts) {
    if (spanId !== undefined) links.push({ traceId, spanId, dialect: loser, reason: 'conflict' })
  }
  return links
}

const nothing: readonly string[] = []

/** What HTTP may carry on: https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text. */
const sendable = /^[\t\x20-\x7e]{0,8192}$/

/**
 * A proxy that is in no trace forwards the fields of the dialect it hands on unmodified.
 * https://www.w3.org/TR/trace-context-2/#mutating-the-traceparent-field
 */
function untouchedBy(read: Read, policy: Policy, { dialect, received }: Arrival): readonly string[] {
  const own = received.kind === 'context' ? policy.emit.find(({ name }) => name === dialect) : undefined
  const fields: string[] = []
  for (const name of own?.fields ?? []) {
    const value = read(name.toLowerCase())
    if (value === undefined) continue
    if (!sendable.test(value)) return nothing
    fields.push(name, value)
  }
  return fields
}

/** The id of the trace that goes on; undefined when one begins here. */
function continuedId(received: Received): string | undefined {
  if (received.kind === 'context') return received.context.traceId
  return received.kind === 'trace' ? received.trace.traceId : undefined
}
