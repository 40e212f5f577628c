// Foreign trace and span ids to canonical ones, always to the same: replicas and the OpenTelemetry Collector agree.
// The prefixes that are hashed are part of the protocol: whoever changes one splits every trace in flight.
import { createHash } from 'node:crypto'
import { isZero } from './ids.ts'

/** Whose ids: each is mapped in its own way. */
export type Family = 'sw8' | 'eagleeye' | 'sofa'

// https://github.com/google/uuid/blob/v1.6.0/uuid.go, the two forms of Parse that fit in 36 characters
const digitsPattern = /^[0-9a-f]{32}$/i
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/: what Java and Go agents
// make; numbers as strconv.Atoi reads them.
const agentPattern = /^([0-9a-f]{32})\.([+-]?[0-9]{1,80})\.([+-]?[0-9]{1,80})$/i
// A span id of W3C as a segment's name, which ARMS' browser SDK sends.
const spanIdPattern = /^[0-9a-f]{16}$/
const shortDigitsPattern = /^[0-9a-f]{1,32}$/i
// https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Long.html#parseLong(java.lang.String)
const longPattern = /^-?[0-9]{1,19}$/

const maxUuidLength = 36
const maxLong = 2n ** 63n - 1n
const minLong = -(2n ** 63n)

function hashed(text: string, digits: 14 | 16 | 32): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits)
}

/** An id of zeros is none to anybody, so its last digit becomes 1. */
function nonZero(id: string): string {
  return isZero(id) ? `${id.slice(0, -1)}1` : id
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

function word(digits: string, at: number): number {
  return Number.parseInt(digits.slice(at * 8, at * 8 + 8), 16)
}

/** The lowest byte first, as the collector mixes numbers in. */
function swapped(number: number): number {
  return ((number & 0xff) << 24) | ((number & 0xff00) << 8) | ((number >>> 8) & 0xff00) | (number >>> 24)
}

function int64(text: string): bigint | undefined {
  const number = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return number < minLong || number > maxLong ? undefined : number
}

/**
 * The collector's mixture of an id that an agent made of a UUID, a thread and a time: 32 digits, maybe all zero.
 * Undefined for any other text, and for numbers that overflow.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/skywalkingreceiver
 */
function mixed(id: string, index: number): string | undefined {
  const [, uuid, thread, time] = agentPattern.exec(id) ?? []
  if (uuid === undefined || thread === undefined || time === undefined) return undefined
  const a = int64(thread)
  const b = int64(time)
  if (a === undefined || b === undefined) return undefined
  const low = Number(BigInt.asUintN(32, b))
  const high = Number(BigInt.asUintN(32, b >> 32n))
  return (
    hex32(word(uuid, 0) ^ swapped(index)) +
    hex32(word(uuid, 1) ^ swapped(Number(BigInt.asUintN(32, a)))) +
    hex32(word(uuid, 2) ^ swapped(low)) +
    hex32(word(uuid, 3) ^ swapped(high))
  )
}

/** The canonical trace id of SkyWalking's: the collector's where that has one, else a hash. */
export function skywalkingTraceId(id: string): string {
  if (digitsPattern.test(id)) return nonZero(id.toLowerCase())
  if (uuidPattern.test(id)) return nonZero(id.toLowerCase().replaceAll('-', ''))
  // Up to this length the collector only tries for a UUID.
  const own = id.length > maxUuidLength ? mixed(id, 0) : undefined
  return nonZero(own ?? hashed(`sw8-trace:${id}`, 32))
}

/** The canonical id of a span that SkyWalking names by its segment and index: the collector's, else a hash. */
export function skywalkingSpanId(segmentId: string, index: number): string {
  if (digitsPattern.test(segmentId)) return folded(segmentId, index)
  // The collector stops at the first dash: all spans of such a segment share one id, here as there.
  if (uuidPattern.test(segmentId)) return nonZero(`${segmentId.slice(0, 8).toLowerCase()}00000000`)
  const agents = mixed(segmentId, index)
  if (agents !== undefined) return folded(agents, 0)
  if (index === 0 && spanIdPattern.test(segmentId)) return nonZero(segmentId)
  return nonZero(hashed(`sw8-span:${segmentId}:${index}`, 16))
}

function folded(digits: string, index: number): string {
  return nonZero(
    hex32(word(digits, 0) ^ swapped(index) ^ word(digits, 2)) + hex32(word(digits, 1) ^ word(digits, 3))
  )
}

/** The canonical trace id of an EagleEye one: up to 32 digits as they are, a UUID without dashes, else a hash. */
export function eagleeyeTraceId(id: string): string {
  if (shortDigitsPattern.test(id)) return nonZero(id.toLowerCase().padStart(32, '0'))
  if (uuidPattern.test(id)) return nonZero(id.toLowerCase().replaceAll('-', ''))
  return nonZero(hashed(`eagleeye-trace:${id}`, 32))
}

/** The canonical trace id of a SOFATracer one: up to 32 digits as they are, else a hash. */
export function sofaTraceId(id: string): string {
  if (shortDigitsPattern.test(id)) return nonZero(id.toLowerCase().padStart(32, '0'))
  return nonZero(hashed(`sofa-trace:${id}`, 32))
}

/** The span id of a call that EagleEye or SOFATracer names by its path; `traceId` as it was on the wire. */
export function rpcSpanId(traceId: string, rpcId: string): string {
  return nonZero(hashed(`rpcid:${traceId}:${rpcId}`, 16))
}

/** The span id of a signed decimal 64-bit number, in two's complement; undefined when the text is none. */
export function longSpanId(text: string): string | undefined {
  if (!longPattern.test(text)) return undefined
  const number = int64(text)
  if (number === undefined) return undefined
  return nonZero(BigInt.asUintN(64, number).toString(16).padStart(16, '0'))
}

/** The signed decimal number of a span id. */
export function spanIdLong(spanId: string): string {
  return BigInt.asIntN(64, BigInt(`0x${spanId}`)).toString()
}

/**
 * Randomness for sampling, 14 digits, the same for every replica: undefined where the canonical trace id has its
 * own. Elsewhere its low digits are a time and a process, by which a trace must not be judged.
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#explicit-randomness-value-rv
 */
export function foreignRandomness(family: Family, id: string): string | undefined {
  if (family === 'sw8' && (digitsPattern.test(id) || uuidPattern.test(id))) return undefined
  return hashed(`${family}-trace:${id}`, 14)
}

const traceIdOf: Readonly<Record<Family, (id: string) => string>> = {
  sw8: skywalkingTraceId,
  eagleeye: eagleeyeTraceId,
  sofa: sofaTraceId
}

/** The canonical trace id of a foreign one. */
export function canonicalTraceId(family: Family, id: string): string {
  return traceIdOf[family](id)
}
