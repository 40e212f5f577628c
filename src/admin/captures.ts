// What GET /api/captures shows: the list without bodies, and everything about one trace.
import type { Capture } from '../report/capture.ts'

export const capturesPath = '/api/captures'

/** Whether a path asks for what was captured. */
export function isCaptures(path: string): boolean {
  return path === capturesPath || path.startsWith(`${capturesPath}/`)
}

/** Newest first, as `captures` are. */
export function captureSummaries(captures: readonly Capture[]): { readonly captures: readonly Summary[] } {
  return {
    captures: captures.map(summaryOf)
  }
}

type Summary = Omit<Capture, 'query' | 'query_redacted' | 'request' | 'response'>

function summaryOf({
  time,
  trace_id,
  span_id,
  why,
  route,
  method,
  scheme,
  host,
  path,
  ...more
}: Capture): Summary {
  const { status, failure, duration_ms } = more
  const ended = { status, ...(failure === undefined ? {} : { failure }), duration_ms }
  return { time, trace_id, span_id, why, route, method, scheme, host, path, ...ended }
}

// 64-bit ids are stored with zeros in front.
const traceIdPattern = /^(?:[0-9a-f]{16}){1,2}$/

/** All requests of the trace that a path ends in, newest first; undefined when none is held. */
export function capturesOf(
  captures: readonly Capture[],
  path: string
): { readonly captures: readonly Capture[] } | undefined {
  const id = path.slice(capturesPath.length + 1).toLowerCase()
  if (!traceIdPattern.test(id)) return undefined
  const found = captures.filter(({ trace_id }) => trace_id === id.padStart(32, '0'))
  return found.length === 0 ? undefined : { captures: found }
}
