// The response header as the caller gets it.
import type { Read } from '../dialects/dialect.ts'
import { isSampled, type Mediation } from '../mediate/mediate.ts'
import type { Trust } from '../mediate/policy.ts'
import type { ResponseField, Route } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import { amendPreflight, type CorsRequest, permit } from './cors.ts'
import { named, type RawFields, removeFields } from './fields.ts'
import { endsHere, nominatedBy } from './hop.ts'

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

// https://www.rfc-editor.org/rfc/rfc9112#section-4, without obs-text
const phrasePattern = /^[\t\x20-\x7e]{0,256}$/

/** A reason phrase as it came; '' for one that could not be written: nobody depends on it. */
export function phraseOf(phrase: string): string {
  return phrasePattern.test(phrase) ? phrase : ''
}

/** Adds what the route says of its answers: the span, to those who may know, and CORS. */
export function complete(
  route: Route,
  mediation: Mediation | undefined,
  trust: Trust,
  cors: CorsRequest | undefined,
  read: Read,
  fields: string[]
): void {
  // The span id tells a stranger about traffic: only believed callers and allowed pages get it.
  const told = mediation?.reports === true && (trust === 'continue' || cors?.allowed === true)
  if (told) respondWith(route.respond, mediation.span, fields)
  if (route.cors === undefined) return
  if (cors === undefined) fields.push('Vary', 'Origin')
  else if (cors.preflight) amendPreflight(route.cors, cors, read, fields)
  else permit(route.cors, cors, told && route.respond.includes('server-timing'), fields)
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
