// How wide a trace id is written on wires that know two widths.
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
