// One request, one line of JSON: what a person greps for, with the trace id in every form a back end shows.
import type { Dialect } from '../dialects/dialect.ts'
import { sw8 } from '../dialects/sw8.ts'
import { isSampled } from '../mediate/mediate.ts'
import type { AccessLogSettings } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import { keeps, randomness, thresholdFor } from '../trace/probability.ts'
import { grpcNameOf } from './grpc.ts'
import type { Late } from './late.ts'
import type { Outcome } from './outcome.ts'
import { bounded } from './redact.ts'

// JSON escapes the other control characters itself; terminals obey these, and some readers end lines at them.
const unsafe = /[\x7f-\x9f\u2028\u2029]/g

/**
 * Errors, and what is kept `late`, always: who finds a span looks for its line. Else a share of traces, and the same ones
 * that a lower sample rate keeps.
 */
export function hasLine(outcome: Outcome, { to, rate }: AccessLogSettings, late?: Late): boolean {
  if (to === 'none') return false
  if (rate === 1 || late !== undefined || outcome.failure !== undefined || outcome.status >= 500) return true
  const span = outcome.mediation?.span
  // A preflight is in no trace.
  if (span === undefined) return Math.random() < rate
  const threshold = thresholdFor(rate)
  return threshold !== undefined && keeps(randomness(span.traceId, span.tracestate), threshold)
}

/** The line for bytes that were no request: there is nothing of them to tell. */
export function refusalLine(at: number, client: string, status: number, failure: string): string {
  return JSON.stringify({ time: new Date(at).toISOString(), status, client, failure })
}

/** A line of the access log, without its end. `late` is why spans are reported of it though it is not sampled. */
export function accessLine(outcome: Outcome, late?: Late): string {
  const { route, mediation, attempts, failure } = outcome
  const last = attempts[attempts.length - 1]
  const entry: Record<string, unknown> = {
    time: new Date(outcome.start).toISOString(),
    method: bounded(outcome.method),
    scheme: outcome.scheme,
    host: bounded(outcome.host),
    // Without the query: it carries what should not be kept.
    path: bounded(outcome.path),
    status: outcome.status,
    grpc_status: grpcNameOf(last?.grpc),
    duration_ms: Math.round((outcome.end - outcome.start) * 1000) / 1000,
    bytes: outcome.bytes,
    received: outcome.upgraded?.received,
    ended_by: outcome.upgraded?.by,
    close_code: outcome.upgraded?.code,
    client: outcome.client,
    identity: outcome.identity === undefined ? undefined : bounded(outcome.identity),
    route: route?.name,
    upstream: route?.upstream.name,
    target: last?.target.origin,
    tags:
      last === undefined || last.target.tags.size === 0 ? undefined : Object.fromEntries(last.target.tags),
    meant_for: outcome.meant,
    attempts: attempts.length > 1 ? attempts.length : undefined,
    failure,
    cause: last?.cause
  }
  if (mediation !== undefined) {
    const { span, arrival } = mediation
    entry['trace_id'] = span.traceId
    entry['span_id'] = span.spanId
    entry['sampled'] = isSampled(span)
    if (late !== undefined) entry['kept'] = late
    if (arrival.received.kind !== 'none') entry['dialect'] = arrival.dialect
    for (const dialect of route?.policy.emit ?? []) addForm(dialect, span, entry)
    // SkyWalking's back end finds a trace by the id that its own agents gave it, whatever went downstream.
    if (mediation.segmentId !== '') addForm(sw8, span, entry)
    if (arrival.malformed.length > 0) {
      entry['malformed'] = Object.fromEntries(
        arrival.malformed.map(({ dialect, reason }) => [dialect, reason])
      )
    }
  }
  return JSON.stringify(entry).replace(unsafe, escaped)
}

function addForm({ name, traceIdText }: Dialect, span: TraceContext, entry: Record<string, unknown>): void {
  const text = traceIdText(span)
  if (text !== span.traceId) entry[`trace_id_${name}`] = text
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
