// Sentry's dynamic sampling context, which lives in W3C baggage: frozen by whoever began the trace.
// https://develop.sentry.dev/sdk/foundations/trace-propagation/dynamic-sampling-context/
import type { Member } from './baggage.ts'

export const sentryPrefix = 'sentry-'
const traceIdKey = 'sentry-trace_id'

/** In other dialects the name means nothing. */
export function isSentry({ key, dialect }: Member): boolean {
  return dialect === 'w3c' && key.startsWith(sentryPrefix)
}

/** Whether it speaks of this trace; undefined stands for a trace that begins here. */
export function speaksOf(members: readonly Member[], traceId: string | undefined): boolean {
  if (traceId === undefined) return false
  return members.every(({ key, value }) => key !== traceIdKey || value === traceId)
}
