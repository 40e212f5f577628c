// The response header as the caller gets it.

import { isSampled } from '../mediate/mediate.ts'
import type { ResponseField } from '../rules/rules.ts'
import type { TraceContext } from '../trace/context.ts'
import type { RawFields } from './fields.ts'
import { endsHere, nominatedBy } from './hop.ts'

/** The upstream's fields in their order, case and number, less those that end at this hop. */
export function answered(fields: RawFields): string[] {
  const nominated = nominatedBy(fields)
  const out: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (!endsHere(name.toLowerCase(), nominated)) out.push(name, fields[i + 1] ?? '')
  }
  return out
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
    if (kind === 'traceresponse') out.push('traceresponse', value)
    else out.push('Server-Timing', `trace;desc=${value}, traceparent;desc="${value}"`)
  }
}
