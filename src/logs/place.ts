// Where in a trace a logged request was: from trace headers in the line, in any dialect, or from ids that stand alone.
import { createHash } from 'node:crypto'
import { byRank } from '../dialects/find.ts'
import { type Arrival, receive } from '../mediate/receive.ts'
import { absent, type TraceContext } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import type { Fields } from './format.ts'

/** The logged request's own span, and what was read of the caller. */
export type Place = { readonly span: TraceContext; readonly arrival: Arrival }

// Dashes as UUIDs have them; 64-bit ids go to the right of zeros.
const tracePattern = /^[0-9a-f]{16}(?:[0-9a-f]{16})?$/
const spanPattern = /^[0-9a-f]{16}$/

function idOf(text: string | undefined, pattern: RegExp, digits: number): string | undefined {
  const id = text?.toLowerCase().replaceAll('-', '')
  return id !== undefined && pattern.test(id) && !isZero(id) ? id.padStart(digits, '0') : undefined
}

/** The same line is the same span, however often it is read. */
function derived(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 16)
}

const dropped: ReadonlySet<string> = new Set(['0', 'false'])

/** Undefined for a line that names no trace. */
export function placeOf(fields: Fields, line: string): Place | undefined {
  const arrival = receive(field => fields.get(`header.${field}`), byRank)
  const spanId = idOf(fields.get('span_id'), spanPattern, 16) ?? derived(line)
  const own = { spanId, random: false, residue: undefined } as const
  const { received } = arrival
  if (received.kind === 'context') {
    const { context } = received
    // A gateway that does not trace logs the caller's span: what it did hangs below that.
    const parentId = context.spanId === spanId ? context.parentId : context.spanId
    return { span: { ...context, spanId, parentId }, arrival }
  }
  const named = idOf(fields.get('parent_id'), spanPattern, 16)
  const parentId = named === spanId ? undefined : named
  if (received.kind === 'trace') return { span: { ...received.trace, ...own, parentId }, arrival }
  const traceId = idOf(fields.get('trace_id'), tracePattern, 32)
  if (traceId === undefined) return undefined
  const drop = dropped.has((fields.get('sampled') ?? '').toLowerCase())
  const sampling = drop ? 'drop' : received.kind === 'decision' ? received.sampling : 'defer'
  const span: TraceContext = { ...own, traceId, parentId, sampling, bits: 128, tracestate: '' }
  return { span, arrival: { ...arrival, received: absent, dialect: undefined } }
}
