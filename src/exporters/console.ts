// Spans as lines of JSON on stdout, for people who try the gateway without a back end.
import type { Attribute, Exporter, Span } from './exporter.ts'

export const consoleExporter: Exporter = {
  name: 'console',
  contentType: 'application/x-ndjson',
  encode: spans => Buffer.from(spans.map(line).join('')),
  rejected: undefined
}

function line(span: Span): string {
  const attributes = new Map<string, Attribute>()
  for (let i = 0; i + 1 < span.attributes.length; i += 2) {
    const value = span.attributes[i + 1]
    if (value !== undefined) attributes.set(String(span.attributes[i]), value)
  }
  const shown = {
    time: iso(span.start),
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_id: span.parentId ?? null,
    kind: span.kind,
    name: span.name,
    // Whole microseconds: doubles of this size hold no more.
    duration_ms: Math.round((span.end - span.start) * 1000) / 1000,
    error: span.error,
    attributes: Object.fromEntries(attributes),
    links: span.links
  }
  return `${JSON.stringify(shown)}\n`
}

function iso(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
