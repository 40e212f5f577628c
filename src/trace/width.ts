// How wide a trace id is: written on wires that know two widths, and compared with what came by another.
import type { TraceContext } from './context.ts'

// https://github.com/openzipkin/b3-propagation#traceid-1
const zeroHalf = '0000000000000000'

/**
 * The trace id in the width it came in: 16 or 32 lower-case hex digits.
 * A trace that began with 64-bit ids keeps them, so that its spans still join up; an id whose high half is in
 * use is never cut.
 */
export function traceIdInWidth(context: TraceContext): string {
  const { traceId } = context
  return context.bits === 64 && traceId.startsWith(zeroHalf) ? traceId.slice(16) : traceId
}

/** The high half is not in use: a 64-bit id, or one that looks like it. */
export function isNarrow(traceId: string): boolean {
  return traceId.startsWith(zeroHalf)
}

/** A 64-bit dialect shows the low half of a 128-bit id: that is the same trace, seen through a narrower window. */
export function sameTrace(a: string, b: string): boolean {
  return a === b || ((isNarrow(a) || isNarrow(b)) && a.slice(16) === b.slice(16))
}
