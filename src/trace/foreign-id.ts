// What foreign trace ids may look like, however they came: in a header of their own, or carried in tracestate.
// What they are in canonical form is identity.ts' business.
import type { Family } from './identity.ts'
import { isSw8Id } from './sw8.ts'

// Public captures of EagleEye, and sofa-tracer's TraceIdGenerator: 30 or 32 digits mostly, and visible ASCII at least.
const visiblePattern = /^[\x21-\x7e]{1,64}$/

/** Whether a text can be a trace id of this family. */
export function isForeignTraceId(family: Family, text: string): boolean {
  return family === 'sw8' ? isSw8Id(text) : visiblePattern.test(text)
}
