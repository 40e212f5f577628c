// Request methods as spans and metrics name them: a caller cannot invent label values.
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span

const known: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'QUERY',
  'TRACE'
])

/** The method itself, or `_OTHER`. */
export function knownMethod(method: string): string {
  return known.has(method) ? method : '_OTHER'
}
