// Spans as lines of JSON on stdout, for people who try the gateway without a back end.
import { attributesOf } from './attributes.ts'
import type { Exporter, Span } from './exporter.ts'

export const consoleExporter: Exporter = {
  name: 'console',
  contentType: 'application/x-ndjson',
  path: '',
  encode: spans => Buffer.from(spans.map(line).join('')),
  rejected: undefined,
  heartbeat: undefined
}

function line(span: Span): string {
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
    attributes: Object.fromEntries(attributesOf(span)),
    links: span.links
  }
  return `${JSON.stringify(shown)}\n`
}

function iso(ms: number): string | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}
