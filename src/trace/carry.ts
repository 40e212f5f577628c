// The gateway's own tracestate member, `tb`: what a foreign dialect said that W3C has no room for, so that a later
// gateway gives it back. It claims nothing that the trace id beside it does not bear out.
import { isForeignTraceId } from './foreign-id.ts'
import { canonicalTraceId, type Family } from './identity.ts'
import { packId, unpackId } from './packing.ts'
import { isRpcId } from './rpc.ts'
import { isSw8Id } from './sw8.ts'

export const carryKey = 'tb'

/** What is carried of a foreign context. */
export type Carry = {
  readonly family: Family
  /** The trace id as that family wrote it. */
  readonly trace: string
  /** SkyWalking: the caller's segment, and the index of its span there. */
  readonly segment: string | undefined
  readonly index: number | undefined
  /** EagleEye and SOFATracer: the caller's path. */
  readonly rpc: string | undefined
}

/** `direct`: whoever wrote it sent this request; else a hop came in between, and it tells of an ancestor. */
export type Carried = Carry & { readonly direct: boolean }

const letters: Readonly<Record<Family, string>> = { sw8: 's', eagleeye: 'e', sofa: 'o' }
const families: readonly Family[] = ['sw8', 'eagleeye', 'sofa']

// https://www.w3.org/TR/trace-context-2/#value
const maxLength = 256
const maxIndex = 2 ** 31 - 1

const indexPattern = /^(?:0|[1-9][0-9]{0,9})$/
// https://www.w3.org/TR/trace-context-2/#parent-id
const spanIdPattern = /^[0-9a-f]{16}$/
const partPattern = /^[a-z]:[^:;]*$/

/**
 * The member's value beside a traceparent of this trace and span; undefined when not even the trace id fits. The
 * caller's segment is left out where it is what does not fit.
 */
export function writeCarry(carry: Carry, traceId: string, spanId: string): string | undefined {
  const { family, trace, segment, index, rpc } = carry
  const head = `f:${letters[family]}${trace === traceId ? '' : `;t:${packId(trace)}`}`
  const tail = `;p:${spanId}`
  const place =
    segment !== undefined && index !== undefined
      ? `;s:${packId(segment)};n:${index}`
      : rpc === undefined
        ? ''
        : `;r:${rpc}`
  const room = maxLength - head.length - tail.length
  if (room < 0) return undefined
  return head + (place.length > room ? '' : place) + tail
}

/**
 * As `writeCarry`, of a family that knows its calls by paths. Without a path of the caller it was read from a member
 * about an ancestor, which stays as it is: undefined.
 */
export function writePathCarry(
  family: Family,
  trace: string | undefined,
  rpc: string | undefined,
  traceId: string,
  spanId: string
): string | undefined {
  if (trace === undefined || rpc === undefined) return undefined
  return writeCarry({ family, trace, rpc, segment: undefined, index: undefined }, traceId, spanId)
}

/**
 * What a value carries of this family. Undefined when it is of another one, not in canonical form, of texts that the
 * family's own header could not hold, or about another trace than the traceparent beside it: the trace was begun anew,
 * or somebody made it up.
 */
export function readCarry(
  value: string,
  family: Family,
  traceId: string,
  spanId: string
): Carried | undefined {
  const parts = partsOf(value)
  if (parts?.get('f') !== letters[family]) return undefined
  const parent = parts.get('p')
  if (parent === undefined || !spanIdPattern.test(parent)) return undefined
  const packed = parts.get('t')
  const trace = packed === undefined ? traceId : unpackId(packed)
  // What equals the trace id beside it is left out, in the one form that there is.
  if (trace === undefined || (packed !== undefined && trace === traceId)) return undefined
  if (!isForeignTraceId(family, trace)) return undefined
  const place = family === 'sw8' ? segmentOf(parts) : rpcOf(parts)
  if (place === undefined || canonicalTraceId(family, trace) !== traceId) return undefined
  return { family, trace, ...place, direct: parent === spanId }
}

type Place = Pick<Carry, 'segment' | 'index' | 'rpc'>

const nowhere: Place = { segment: undefined, index: undefined, rpc: undefined }

function segmentOf(parts: ReadonlyMap<string, string>): Place | undefined {
  const packed = parts.get('s')
  const number = parts.get('n')
  if (packed === undefined && number === undefined) return nowhere
  const segment = packed === undefined ? undefined : unpackId(packed)
  if (segment === undefined || !isSw8Id(segment)) return undefined
  if (number === undefined || !indexPattern.test(number)) return undefined
  const index = Number(number)
  return index > maxIndex ? undefined : { segment, index, rpc: undefined }
}

function rpcOf(parts: ReadonlyMap<string, string>): Place | undefined {
  const rpc = parts.get('r')
  if (rpc === undefined) return nowhere
  return isRpcId(rpc) ? { segment: undefined, index: undefined, rpc } : undefined
}

/** The canonical trace id of the foreign one that parts tell apart from it; undefined when they tell none. */
export function carriedTraceId(parts: ReadonlyMap<string, string>): string | undefined {
  const family = families.find(each => letters[each] === parts.get('f'))
  const packed = parts.get('t')
  const trace = packed === undefined ? undefined : unpackId(packed)
  return family === undefined || trace === undefined ? undefined : canonicalTraceId(family, trace)
}

/** The parts by their letter; undefined when one is not a part, or comes twice. Letters to come are let pass. */
export function partsOf(value: string): ReadonlyMap<string, string> | undefined {
  const parts = new Map<string, string>()
  for (const part of value.split(';')) {
    const key = part.charAt(0)
    if (!partPattern.test(part) || parts.has(key)) return undefined
    parts.set(key, part.slice(2))
  }
  return parts
}
