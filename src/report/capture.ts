// One failed or slow request as it may be kept for replay: fields that were asked for, first bytes, secrets gone.
// Runs when a request is over. What is shown of it is this alone.
import { isUtf8 } from 'node:buffer'
import type { CaptureRule } from '../rules/rules.ts'
import { isSecretAnswer, isSecretKey } from '../rules/secret-keys.ts'
import type { Evidence, FirstBytes } from './evidence.ts'
import { hasFailed } from './late.ts'
import type { Outcome } from './outcome.ts'
import { redactBody, redactPairs, redactText, type Secret } from './redact-body.ts'

/** Names as sent, repeats kept. */
export type CapturedFields = readonly (readonly [name: string, value: string])[]

/** `text` where it is UTF-8, else `base64`; neither for an `encoded` one, whose secrets cannot be seen. */
export type CapturedBody = {
  readonly text?: string
  readonly base64?: string
  readonly encoded?: true
  /** More was sent than this. */
  readonly truncated: boolean
  readonly redacted: boolean
}

export type CapturedMessage = { readonly headers: CapturedFields; readonly body?: CapturedBody }

/** As `GET /api/captures/TRACE_ID` has it. */
export type Capture = {
  /** When it began, ISO 8601. */
  readonly time: string
  readonly trace_id: string
  readonly span_id: string
  readonly why: 'error' | 'slow'
  readonly route: string
  readonly method: string
  readonly scheme: string
  /** As sent in Host; '' when there was none. */
  readonly host: string
  readonly path: string
  /** Without `?`, values of secret keys replaced. */
  readonly query: string
  readonly query_redacted: boolean
  readonly status: number
  /** A code of the table of failures. */
  readonly failure?: string
  readonly duration_ms: number
  readonly request: CapturedMessage
  readonly response: CapturedMessage
}

/** Undefined where the route captures nothing, or the request is in no trace. */
export function captureOf(outcome: Outcome): Capture | undefined {
  const { mediation, route, evidence, failure } = outcome
  const rule = route?.capture
  if (mediation === undefined || route === undefined || rule === undefined || evidence === undefined) {
    return undefined
  }
  const query = redactPairs(outcome.query)
  return {
    time: new Date(outcome.start).toISOString(),
    trace_id: mediation.span.traceId,
    span_id: mediation.span.spanId,
    why: hasFailed(outcome) ? 'error' : 'slow',
    route: route.name,
    method: outcome.method,
    scheme: outcome.scheme,
    host: outcome.host,
    path: outcome.path,
    query,
    query_redacted: query !== outcome.query,
    status: outcome.status,
    ...(failure === undefined ? {} : { failure }),
    duration_ms: Math.round((outcome.end - outcome.start) * 1000) / 1000,
    ...messagesOf(evidence, rule)
  }
}

function messagesOf(evidence: Evidence, rule: CaptureRule): Pick<Capture, 'request' | 'response'> {
  const { asked, answered, question, answer, complete } = evidence
  return {
    request: {
      headers: fieldsOf(asked, rule),
      ...bodyOf(question, asked, !complete, isSecretKey)
    },
    response: { headers: fieldsOf(answered, rule), ...bodyOf(answer, answered, false, isSecretAnswer) }
  }
}

function fieldsOf(fields: readonly string[], { headers, secrets }: CaptureRule): CapturedFields {
  const kept: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    const lower = name.toLowerCase()
    if (!headers.has(lower)) continue
    kept.push([name, secrets.has(lower) ? 'REDACTED' : redactText(fields[i + 1] ?? '')])
  }
  return kept
}

function bodyOf(
  first: FirstBytes | undefined,
  fields: readonly string[],
  cut: boolean,
  secret: Secret
): { readonly body?: CapturedBody } {
  if (first === undefined || (first.total() === 0 && !cut)) return {}
  const raw = first.bytes()
  const truncated = cut || first.total() > raw.length
  const coding = valueIn(fields, 'content-encoding')
  if (coding !== '' && coding.toLowerCase() !== 'identity') {
    return { body: { encoded: true, truncated, redacted: false } }
  }
  const before = raw.toString('latin1')
  const after = redactBody(before, valueIn(fields, 'content-type'), secret)
  const bytes = Buffer.from(after, 'latin1')
  return { body: { ...shown(bytes, truncated), truncated, redacted: after !== before } }
}

/** A body may be cut in the middle of a character. https://www.rfc-editor.org/rfc/rfc3629#section-3 */
function shown(bytes: Buffer, truncated: boolean): Pick<CapturedBody, 'text' | 'base64'> {
  for (let less = 0; less <= (truncated ? 3 : 0) && less <= bytes.length; less++) {
    const whole = bytes.subarray(0, bytes.length - less)
    if (isUtf8(whole)) return { text: whole.toString() }
  }
  return { base64: bytes.toString('base64') }
}

function valueIn(fields: readonly string[], name: string): string {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === name) return fields[i + 1] ?? ''
  }
  return ''
}
