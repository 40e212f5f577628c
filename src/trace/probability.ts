// OpenTelemetry's consistent probability sampling: what the `ot` member of tracestate says of a trace's odds.
// Every hop that compares the same randomness with a threshold comes to the same answer. Pure: strings in, out.
import { memberOf, withMember, withoutMember } from './tracestate.ts'

export const oddsKey = 'ot'
// https://www.w3.org/TR/trace-context-2/#value
const maxValue = 256

// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#sampling-threshold-value-th
const thresholdPattern = /^[0-9a-f]{1,14}$/
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#explicit-randomness-value-rv
const randomnessPattern = /^[0-9a-f]{14}$/
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/#key
const knownPattern = /^(?:th|rv)(?::|$)/

export type Ot = {
  /** Rejection threshold: 1 to 14 lower-case hex digits, zeros to the right left out. */
  readonly th: string | undefined
  /** Explicit randomness: 14 lower-case hex digits. */
  readonly rv: string | undefined
}

const nothing: Ot = { th: undefined, rv: undefined }

function subvalue(value: string, name: string, pattern: RegExp): string | undefined {
  const start = `${name}:`
  const at = value.startsWith(start) ? 0 : value.indexOf(`;${start}`) + 1 || -1
  if (at === -1) return undefined
  const end = value.indexOf(';', at)
  const found = value.slice(at + start.length, end === -1 ? value.length : end)
  return pattern.test(found) ? found : undefined
}

/** What the `ot` member of a canonical tracestate says; malformed parts count as absent. */
export function readOt(tracestate: string): Ot {
  const value = memberOf(tracestate, oddsKey)
  if (value === undefined) return nothing
  return { th: subvalue(value, 'th', thresholdPattern), rv: subvalue(value, 'rv', randomnessPattern) }
}

/**
 * The tracestate with this threshold, or with none. Randomness and unknown parts stay, malformed `th` and `rv`
 * go, and so does the member when nothing is left; the same string when nothing changes.
 */
export function writeOt(tracestate: string, th: string | undefined): string {
  const old = memberOf(tracestate, oddsKey)
  if (old === undefined) return th === undefined ? tracestate : withMember(tracestate, oddsKey, `th:${th}`)
  const { th: oldTh, rv } = readOt(tracestate)
  const parts = old.split(';').filter(part => part.trim() !== '' && !knownPattern.test(part))
  if (rv !== undefined) parts.unshift(`rv:${rv}`)
  if (th !== undefined) parts.unshift(`th:${th}`)
  if (parts.length === 0) return withoutMember(tracestate, oddsKey)
  // What was in the middle may be the end now, and a tracestate value does not end in a space.
  const value = parts.join(';').trimEnd()
  if (th === oldTh && value.length === old.length) return tracestate
  if (value.length <= maxValue) return withMember(tracestate, oddsKey, value)
  // No room to say what the odds are, so nothing is said of them.
  return writeOt(tracestate, undefined)
}

/** 14 lower-case hex digits that every hop agrees on: `rv`, else the low 56 bits of the trace id. */
export function randomness(traceId: string, tracestate: string): string {
  return readOt(tracestate).rv ?? traceId.slice(-14)
}

/** Whether a trace of this randomness passes a threshold. Digits left out are zeros, so text order is the order. */
export function keeps(random: string, threshold: string): boolean {
  return random >= threshold
}

const trailingZeros = /0+$/
const float = new DataView(new ArrayBuffer(8))

/** p = m * 2^e with 0.5 <= m < 1; p is a normal number above zero. */
function exponentOf(p: number): number {
  float.setFloat64(0, p)
  return (float.getUint32(0) >>> 20) - 1022
}

/**
 * The rejection threshold for a probability from 0 to 1; undefined where nothing passes. Four digits where the
 * probability is large, more as it nears zero.
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#converting-floating-point-probability-to-threshold-value
 */
export function thresholdFor(p: number): string | undefined {
  if (!(p >= 2 ** -56)) return undefined
  if (p >= 1) return '0'
  const digits = Math.min(12, Math.max(1, 4 + Math.floor(-exponentOf(p) / 4)))
  const rounded = 2 - p + 0.5 * 16 ** -digits
  // So near to zero that rounding would turn "hardly any" into "all": count in units of 2^-56 instead.
  const hex =
    rounded >= 2
      ? (2n ** 56n - BigInt(Math.round(p * 2 ** 56))).toString(16)
      : Math.floor((rounded - 1) * 16 ** digits)
          .toString(16)
          .padStart(digits, '0')
  return hex.replace(trailingZeros, '') || '0'
}
