// A W3C context stored in part `c` of the gateway's own tracestate member, beside what carry.ts keeps there: behind a
// foreign hop that overwrites traceparent and leaves tracestate, it is what was there before.
//   c:<flags><base64url of trace id and span id>   36 characters
//   c:<flags><base64url of span id>                15, where `f` and `t` tell the trace id: all stays within 128
import { carriedTraceId, carryKey, partsOf } from './carry.ts'
import type { TraceContext } from './context.ts'
import { isZero } from './ids.ts'
import { memberOf, withMember, withoutMember } from './tracestate.ts'

/** What a traceparent says. */
export type Stored = Pick<TraceContext, 'traceId' | 'spanId' | 'random'> & {
  readonly sampling: 'keep' | 'drop'
}

// https://www.w3.org/TR/trace-context-2/#value
const maxLength = 256

const storedPattern = /^([0-3])((?:[\w-]{11})|(?:[\w-]{32}))$/
// One look tells most lists from one that has any.
const anyPattern = /(?:^|,)tb=(?:[^,]{0,255};)?c:/

/** A canonical list with this context stored; the same one where it does not fit beside what is carried. */
export function withStored(list: string, context: TraceContext): string {
  const parts = remaining(list)
  const told = carriedTraceId(parts) === context.traceId
  const place = Buffer.from(told ? context.spanId : context.traceId + context.spanId, 'hex')
  const keep = context.sampling === 'keep' || context.sampling === 'debug'
  const flags = (keep ? 1 : 0) + (context.random ? 2 : 0)
  const value = [...textsOf(parts), `c:${flags}${place.toString('base64url')}`].join(';')
  return value.length > maxLength ? withoutStored(list) : withMember(list, carryKey, value)
}

/** A canonical list without a stored context: one of an ancestor is none to go back to. */
export function withoutStored(list: string): string {
  if (!anyPattern.test(list)) return list
  const texts = textsOf(remaining(list))
  return texts.length === 0 ? withoutMember(list, carryKey) : withMember(list, carryKey, texts.join(';'))
}

/** The context that is stored in a canonical list; undefined when there is none, or none in canonical form. */
export function storedIn(list: string): Stored | undefined {
  if (!anyPattern.test(list)) return undefined
  const parts = partsOf(memberOf(list, carryKey) ?? '')
  const [, flags = '', packed = ''] = storedPattern.exec(parts?.get('c') ?? '') ?? []
  if (parts === undefined || packed === '') return undefined
  const bytes = Buffer.from(packed, 'base64url')
  const place = bytes.toString('hex')
  const told = carriedTraceId(parts)
  const traceId = place.length === 16 ? told : place.slice(0, 32)
  const spanId = place.slice(-16)
  if (traceId === undefined || isZero(traceId) || isZero(spanId)) return undefined
  // There is one form for each context, so that two gateways that see one agree.
  if (bytes.toString('base64url') !== packed || (place.length > 16 && traceId === told)) return undefined
  const bits = Number(flags)
  return { traceId, spanId, sampling: (bits & 1) === 1 ? 'keep' : 'drop', random: (bits & 2) === 2 }
}

/** What else the member says; nothing where it is not ours to read. */
function remaining(list: string): ReadonlyMap<string, string> {
  const parts = new Map(partsOf(memberOf(list, carryKey) ?? ''))
  parts.delete('c')
  return parts
}

function textsOf(parts: ReadonlyMap<string, string>): readonly string[] {
  return [...parts].map(([key, text]) => `${key}:${text}`)
}
