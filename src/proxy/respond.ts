// The response header as the caller gets it.
import type { Read } from '../dialects/dialect.ts'
import { isSampled } from '../mediate/mediate.ts'
import type { ResponseField } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import { amendPreflight, permit } from './cors.ts'
import type { Decision } from './decision.ts'
import type { Failure } from './failure.ts'
import { named, type RawFields, removeFields } from './fields.ts'
import { statusOf } from './grpc-deadline.ts'
import { fieldsOfFailure } from './handshake.ts'
import { endsHere, nominatedBy } from './hop.ts'
import { setIssued } from './sticky-cookie.ts'

/** The upstream's fields in their order, case and number, less those that end at this hop. */
export function answered(fields: RawFields, status: number): string[] {
  const nominated = nominatedBy(fields)
  const out: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (endsHere(name.toLowerCase(), nominated)) continue
    // A caller that believed it would wait for a body: https://www.rfc-editor.org/rfc/rfc9110#section-8.6
    if (status === 204 && named(name, 'content-length')) continue
    out.push(name, fields[i + 1] ?? '')
  }
  return out
}

/** The fields of a 101 for the caller, from the upstream's. */
export function switching(fields: RawFields): string[] {
  const out = answered(fields, 101)
  // https://www.rfc-editor.org/rfc/rfc9110#section-8.6: not in a 1xx
  removeFields(out, name => named(name, 'content-length'))
  out.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
  return out
}

/** An answer of the gateway's own. */
export type Own = { readonly status: number; readonly fields: string[]; readonly body: string }

/** A failure, in the words of the caller's protocol. */
export function failed(failure: Failure): Own {
  const { status, code, message, retryAfter } = failure
  if (failure.grpc !== undefined) {
    const fields = ['Content-Type', 'application/grpc', ...statusOf(failure).flat()]
    return { status: 200, fields, body: '' }
  }
  const fields = ['Content-Type', 'application/json', ...fieldsOfFailure(failure)]
  if (retryAfter !== undefined) fields.push('Retry-After', String(retryAfter))
  return { status, fields, body: `${JSON.stringify({ error: code, message })}\n` }
}

// https://www.rfc-editor.org/rfc/rfc9112#section-4, without obs-text
const phrasePattern = /^[\t\x20-\x7e]{0,256}$/

/** A reason phrase as it came; '' for one that could not be written: nobody depends on it. */
export function phraseOf(phrase: string): string {
  return phrasePattern.test(phrase) ? phrase : ''
}

/** Adds what the route says of its answers: the span, to those who may know, CORS, and the cookie that keeps to a side. */
export function complete(
  { route, mediation, standing, cors, choice }: Decision,
  scheme: string,
  read: Read,
  fields: string[]
): void {
  if (route === undefined) return
  // The span id tells a stranger about traffic: only believed callers and allowed pages get it.
  const told = mediation?.reports === true && (standing.trust === 'continue' || cors?.allowed === true)
  if (told) respondWith(route.respond, mediation.span, fields)
  if (route.cors !== undefined) {
    if (cors === undefined) fields.push('Vary', 'Origin')
    else if (cors.preflight) amendPreflight(route.cors, cors, read, fields)
    else permit(route.cors, cors, told && route.respond.includes('server-timing'), fields)
  }
  if (choice?.issued === undefined) return
  const secure = scheme === 'https' || (standing.forwarding && read('x-forwarded-proto') === 'https')
  setIssued(choice.issued, route.upstream.split.sticky?.set, secure, fields)
}

/**
 * Tells the caller which span answered. Browsers' monitoring reads the metric `traceparent`, the draft says `trace`.
 * https://w3c.github.io/trace-context/#trace-context-http-response-headers-format
 */
export function respondWith(kinds: readonly ResponseField[], span: TraceContext, out: string[]): void {
  if (kinds.length === 0) return
  const flags = (isSampled(span) ? 1 : 0) | (span.random ? 2 : 0)
  const value = `00-${span.traceId}-${span.spanId}-0${flags}`
  for (const kind of kinds) {
    if (kind === 'traceresponse') {
      // Two of them are none; that of the upstream speaks of a span further in.
      removeFields(out, name => named(name, 'traceresponse'))
      out.push('traceresponse', value)
    } else out.push('Server-Timing', `trace;desc=${value}, traceparent;desc="${value}"`)
  }
}
