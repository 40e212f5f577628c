// The spans of one request, by the stable HTTP conventions: one server span, a client span for each attempt.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/
// Calls by gRPC tell their status besides: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/
import type { Attribute, Segment, Span } from '../exporters/exporter.ts'
import { isSampled, type Mediation } from '../mediate/mediate.ts'
import type { TraceContext } from '../trace/context.ts'
import { type GrpcStatus, grpcNameOf, isServerError } from './grpc.ts'
import { callerGone, hasFailed, type Late } from './late.ts'
import { knownMethod } from './methods.ts'
import type { AttemptOutcome, Outcome } from './outcome.ts'
import { bounded, redactQuery } from './redact.ts'
import { attemptSegment, segmentOf } from './segments.ts'

/** The status of an answer that was never sent, for the caller had left. */
const unanswered = 499

/** Nothing for a trace that is dropped, unless it is kept after all (`late`), and nothing on a transparent hop. */
export function spansOf(outcome: Outcome, late?: Late): readonly Span[] {
  const { mediation } = outcome
  if (mediation === undefined || !mediation.reports) return []
  if (late === undefined && !isSampled(mediation.span)) return []
  const segment = segmentOf(outcome, mediation)
  const query = redactQuery(outcome.query)
  const spans = [serverSpan(outcome, mediation, late ?? mediation.why, segment, query)]
  for (const attempt of outcome.attempts) {
    spans.push(clientSpan(outcome, attempt, spans.length - 1, segment, query))
  }
  return spans
}

function serverSpan(
  outcome: Outcome,
  mediation: Mediation,
  reason: string,
  segment: Segment | undefined,
  query: string
): Span {
  const { route, status, failure } = outcome
  const method = knownMethod(outcome.method)
  const attributes: Attribute[] = [
    'http.request.method',
    method,
    'url.path',
    bounded(outcome.path, outcome.path.length + outcome.query.length),
    'url.scheme',
    outcome.scheme,
    'network.protocol.version',
    outcome.httpVersion,
    'tracebridge.sampling.reason',
    reason
  ]
  // Only a status that went out is one: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
  if (failure !== callerGone || status !== unanswered) attributes.push('http.response.status_code', status)
  if (method === '_OTHER') attributes.push('http.request.method_original', bounded(outcome.method))
  if (outcome.client !== '') attributes.push('client.address', outcome.client)
  if (query !== '') attributes.push('url.query', bounded(query, outcome.query.length))
  if (route !== undefined) attributes.push('http.route', outcome.template)
  addAuthority(outcome.host, attributes)
  if (outcome.userAgent !== undefined) attributes.push('user_agent.original', bounded(outcome.userAgent))
  if (mediation.arrival.dialect !== undefined && mediation.arrival.received.kind !== 'none') {
    attributes.push('tracebridge.dialect.in', mediation.arrival.dialect)
  }
  const debugId = mediation.span.residue?.get('jaeger-debug-id')
  // Conventions have a name for the subject as X.500 writes it (tls.client.subject), and none for what SPIFFE calls one.
  if (outcome.identity !== undefined)
    attributes.push('tracebridge.client.identity', bounded(outcome.identity))
  if (debugId !== undefined) attributes.push('jaeger-debug-id', bounded(debugId))
  if (outcome.upgraded !== undefined) {
    const { received, by, code } = outcome.upgraded
    attributes.push('tracebridge.upgrade', 'websocket')
    attributes.push('tracebridge.upgrade.received_bytes', received)
    attributes.push('tracebridge.upgrade.sent_bytes', outcome.bytes)
    if (by !== undefined) attributes.push('tracebridge.upgrade.ended_by', by)
    if (code !== undefined) attributes.push('tracebridge.upgrade.close_code', code)
  }
  const grpc = outcome.attempts[outcome.attempts.length - 1]?.grpc
  addGrpc(grpc, attributes)
  const refused = isServerError(grpc) ? grpcNameOf(grpc) : undefined
  const error = failure ?? (status >= 500 ? String(status) : refused)
  if (error !== undefined) attributes.push('error.type', error)
  const { span } = mediation
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentId,
    tracestate: span.tracestate,
    flags: flagsOf(span),
    // A parent that the caller named is in another process.
    parentIsRemote: span.parentId !== undefined,
    kind: 'server',
    name: nameOf(outcome, method),
    start: outcome.start,
    end: outcome.end,
    error: hasFailed(outcome),
    attributes,
    links: mediation.links.length === 0 ? undefined : mediation.links,
    segment
  }
}

/** Never the raw path: names must be few. https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name */
function nameOf({ route, template }: Outcome, method: string): string {
  const verb = method === '_OTHER' ? 'HTTP' : method
  if (route === undefined) return verb
  return route.names !== undefined || route.name === template ? `${verb} ${template}` : route.name
}

function clientSpan(
  outcome: Outcome,
  attempt: AttemptOutcome,
  resends: number,
  segment: Segment | undefined,
  query: string
): Span {
  const { target, status, failure } = attempt
  const method = knownMethod(outcome.method)
  const url = query === '' ? outcome.path : `${outcome.path}?${query}`
  const attributes: Attribute[] = [
    'http.request.method',
    method,
    'server.address',
    target.host,
    'server.port',
    target.port,
    'url.full',
    bounded(target.origin + url, outcome.path.length + outcome.query.length)
  ]
  if (method === '_OTHER') attributes.push('http.request.method_original', bounded(outcome.method))
  if (status !== undefined) attributes.push('http.response.status_code', status)
  if (resends > 0) attributes.push('http.request.resend_count', resends)
  for (const [tag, value] of target.tags) attributes.push(tag === 'version' ? 'service.version' : tag, value)
  if (attempt.cause !== undefined) attributes.push('tracebridge.failure.cause', attempt.cause)
  if (attempt.answer?.spanId !== undefined)
    attributes.push('tracebridge.answer.span_id', attempt.answer.spanId)
  addGrpc(attempt.grpc, attributes)
  const refused = attempt.grpc === 0 ? undefined : grpcNameOf(attempt.grpc)
  const error = failure ?? (status !== undefined && status >= 400 ? String(status) : refused)
  if (error !== undefined) attributes.push('error.type', error)
  const { span } = attempt
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentId,
    tracestate: span.tracestate,
    flags: flagsOf(span),
    parentIsRemote: false,
    kind: 'client',
    name: method === '_OTHER' ? 'HTTP' : method,
    start: attempt.start,
    end: attempt.end,
    error: error !== undefined,
    attributes,
    links: undefined,
    segment: attemptSegment(segment, attempt, resends + 1)
  }
}

/** By today's convention, and by the one before, which most back ends still read. */
function addGrpc(status: GrpcStatus | undefined, attributes: Attribute[]): void {
  if (status === undefined) return
  attributes.push('rpc.system', 'grpc', 'rpc.system.name', 'grpc')
  if (status === 'unsaid') return
  attributes.push('rpc.response.status_code', grpcNameOf(status) ?? '', 'rpc.grpc.status_code', status)
}

/** As it went downstream: what is kept after all was not sampled there. */
function flagsOf(context: TraceContext): number {
  return (isSampled(context) ? 1 : 0) | (context.random ? 2 : 0)
}

// https://www.rfc-editor.org/rfc/rfc9110#section-7.2: a host, in brackets where it is IPv6, and maybe a port
const authorityPattern = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{0,5}))?$/

// Callers ask for few authorities; the limits are there for those who make them up.
const authorities = new Map<string, readonly Attribute[]>()
const authorityLimit = 256

function addAuthority(authority: string, attributes: Attribute[]): void {
  if (authority === '') return
  let own = authorities.get(authority)
  if (own === undefined) {
    own = authorityOf(authority)
    if (authorities.size < authorityLimit && authority.length < authorityLimit)
      authorities.set(authority, own)
  }
  for (const part of own) attributes.push(part)
}

function authorityOf(authority: string): readonly Attribute[] {
  const [, ipv6, host = ipv6, port = ''] = authorityPattern.exec(authority) ?? []
  const own: Attribute[] = []
  if (host !== '') own.push('server.address', bounded(host ?? authority))
  if (port !== '' && Number(port) <= 65_535) own.push('server.port', Number(port))
  return own
}
