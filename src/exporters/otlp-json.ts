// Spans as OTLP in JSON, for collectors and proxies that take no protobuf. The same fields as otlp.ts, by the mapping of
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/docs/specification.md#json-protobuf-encoding:
// ids in hex, 64-bit integers as texts, enums as numbers.
import { version } from '../version.ts'
import { attributesOf } from './attributes.ts'
import type { Attribute, Exporter, Link, Resource, Span } from './exporter.ts'
import { rejectedSpansInJson } from './otlp-answer.ts'

export const otlpJson: Exporter = {
  name: 'otlp-json',
  contentType: 'application/json',
  path: '',
  encode: (spans, resource) => Buffer.from(JSON.stringify(requestOf(spans, resource))),
  rejected: rejectedSpansInJson,
  heartbeat: undefined
}

function requestOf(spans: readonly Span[], { service, version: release, instance }: Resource): object {
  const resource = [
    attribute('service.name', service),
    ...(release === '' ? [] : [attribute('service.version', release)]),
    attribute('service.instance.id', instance),
    attribute('telemetry.sdk.name', 'tracebridge'),
    attribute('telemetry.sdk.language', 'nodejs'),
    attribute('telemetry.sdk.version', version)
  ]
  return {
    resourceSpans: [
      {
        resource: { attributes: resource },
        scopeSpans: [{ scope: { name: 'tracebridge' }, spans: spans.map(shown) }]
      }
    ]
  }
}

// SpanFlags of trace.proto.
const hasIsRemote = 0x100
const isRemote = 0x200

function shown(span: Span): object {
  const { parentId, tracestate, links } = span
  const remote = span.parentIsRemote && parentId !== undefined ? isRemote : 0
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: tracestate === '' ? undefined : tracestate.toWellFormed(),
    parentSpanId: parentId,
    // SPAN_KIND_SERVER, SPAN_KIND_CLIENT
    kind: span.kind === 'server' ? 2 : 3,
    name: span.name.toWellFormed(),
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanos(span.end),
    attributes: [...attributesOf(span)].map(([key, value]) => attribute(key, value)),
    links: links?.map(linked),
    // STATUS_CODE_ERROR
    status: span.error ? { code: 2 } : undefined,
    flags: (span.flags & 0xff) | hasIsRemote | remote
  }
}

function linked({ traceId, spanId, reason, dialect }: Link): object {
  return {
    traceId,
    spanId,
    attributes: [attribute('tracebridge.link.reason', reason), attribute('tracebridge.dialect', dialect)],
    flags: hasIsRemote | isRemote
  }
}

/** Epoch nanoseconds in digits: more than a number holds. '0' for a time that is none. */
function nanos(ms: number): string {
  if (!(ms > 0 && ms < 1e13)) return '0'
  const whole = Math.floor(ms)
  const rest = Math.round((ms - whole) * 1e6)
  const carried = rest === 1e6 ? 1 : 0
  return `${whole + carried}${String(carried === 1 ? 0 : rest).padStart(6, '0')}`.replace(/^0+(?=\d)/, '')
}

function attribute(key: string, value: Attribute): object {
  return { key: key.toWellFormed(), value: anyValue(value) }
}

function anyValue(value: Attribute): object {
  if (typeof value === 'string') return { stringValue: value.toWellFormed() }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'object') return { arrayValue: { values: value.map(anyValue) } }
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  // What is no number to JSON has a name in the mapping: NaN, Infinity, -Infinity.
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}
