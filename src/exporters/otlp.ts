// Spans as an OTLP ExportTraceServiceRequest in protobuf, for collectors that speak OTLP over HTTP.
// Each tag byte below is field number * 8 + wire type, from
// https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto
import { version } from '../version.ts'
import type { Attribute, Exporter, Link, Resource, Span } from './exporter.ts'
import { rejectedSpans } from './otlp-answer.ts'
import { utf8Size, varintSize, Writer } from './protobuf.ts'

const writer = new Writer()

export const otlp: Exporter = {
  name: 'otlp',
  contentType: 'application/x-protobuf',
  path: '',
  encode,
  rejected: rejectedSpans,
  heartbeat: undefined
}

function encode(spans: readonly Span[], resource: Resource): Buffer {
  writer.reset()
  writer.byte(0x0a) // ExportTraceServiceRequest.resource_spans
  const resourceSpans = writer.begin()
  writer.byte(0x0a) // ResourceSpans.resource
  const about = writer.begin()
  attribute(0x0a, 'service.name', resource.service)
  if (resource.version !== '') attribute(0x0a, 'service.version', resource.version)
  attribute(0x0a, 'service.instance.id', resource.instance)
  attribute(0x0a, 'telemetry.sdk.name', 'tracebridge')
  attribute(0x0a, 'telemetry.sdk.language', 'nodejs')
  attribute(0x0a, 'telemetry.sdk.version', version)
  writer.end(about)
  writer.byte(0x12) // ResourceSpans.scope_spans
  const scopeSpans = writer.begin()
  writer.byte(0x0a) // ScopeSpans.scope
  const scope = writer.begin()
  text(0x0a, 'tracebridge') // InstrumentationScope.name
  writer.end(scope)
  for (const span of spans) {
    writer.byte(0x12) // ScopeSpans.spans
    const start = writer.begin()
    write(span)
    writer.end(start)
  }
  writer.end(scopeSpans)
  writer.end(resourceSpans)
  return writer.take()
}

function write(span: Span): void {
  const { attributes, links, parentId } = span
  writer.byte(0x0a) // trace_id
  writer.hex(span.traceId)
  writer.byte(0x12) // span_id
  writer.hex(span.spanId)
  if (span.tracestate !== '') text(0x1a, span.tracestate)
  if (parentId !== undefined) {
    writer.byte(0x22) // parent_span_id
    writer.hex(parentId)
  }
  text(0x2a, span.name)
  writer.byte(0x30) // kind: SPAN_KIND_SERVER, SPAN_KIND_CLIENT
  writer.byte(span.kind === 'server' ? 2 : 3)
  writer.byte(0x39) // start_time_unix_nano
  time(span.start)
  writer.byte(0x41) // end_time_unix_nano
  time(span.end)
  for (let i = 0; i + 1 < attributes.length; i += 2) {
    const key = attributes[i]
    const value = attributes[i + 1]
    if (typeof key === 'string' && value !== undefined) attribute(0x4a, key, value)
  }
  if (links !== undefined) for (const one of links) link(one)
  if (span.error) {
    writer.byte(0x7a) // status, two bytes long
    writer.byte(2)
    writer.byte(0x18) // Status.code: STATUS_CODE_ERROR
    writer.byte(2)
  }
  writer.varint(0x85) // flags
  writer.fixed32(
    (span.flags & 0xff) | hasIsRemote | (span.parentIsRemote && parentId !== undefined ? isRemote : 0)
  )
}

// SpanFlags of trace.proto.
const hasIsRemote = 0x100
const isRemote = 0x200

function link(link: Link): void {
  writer.byte(0x6a) // Span.links
  const start = writer.begin()
  writer.byte(0x0a) // trace_id
  writer.hex(link.traceId)
  writer.byte(0x12) // span_id
  writer.hex(link.spanId)
  attribute(0x22, 'tracebridge.link.reason', link.reason)
  attribute(0x22, 'tracebridge.dialect', link.dialect)
  writer.byte(0x35) // flags: what is linked came from a caller
  writer.fixed32(hasIsRemote | isRemote)
  writer.end(start)
}

function text(tag: number, value: string): void {
  writer.byte(tag)
  writer.text(value, utf8Size(value))
}

/** fixed64 nanoseconds of epoch milliseconds: in two halves, for 2^53 nanoseconds were over in April 1970. */
function time(ms: number): void {
  const at = ms > 0 && ms < 1e13 ? ms : 0
  const seconds = Math.floor(at / 1000)
  const nanos = Math.round((at - seconds * 1000) * 1e6)
  // seconds = high * 2^16 + low, so that no product leaves the 53 bits.
  const high = Math.floor(seconds / 0x10000) * 1e9
  const low = (high % 0x10000) * 0x10000 + (seconds % 0x10000) * 1e9 + nanos
  writer.fixed64(low % 0x100000000, Math.floor(high / 0x10000) + Math.floor(low / 0x100000000))
}

// Keys are the gateway's own words and those of its rules; the limit is there in case that ever changes.
const keys = new Map<string, Buffer>()
const keyLimit = 1024

/** KeyValue.key, tag and length in front. */
function keyBytes(key: string): Buffer {
  const known = keys.get(key)
  if (known !== undefined) return known
  const own = new Writer()
  own.byte(0x0a)
  own.text(key, utf8Size(key))
  const bytes = own.take()
  if (keys.size < keyLimit) keys.set(key, bytes)
  return bytes
}

/** A KeyValue under the given tag. Its lengths are known before it is written, so nothing has to move. */
function attribute(tag: number, key: string, value: Attribute): void {
  const bytes = keyBytes(key)
  writer.byte(tag)
  if (typeof value === 'string') {
    const size = utf8Size(value)
    const any = 1 + varintSize(size) + size
    head(bytes, any)
    writer.byte(0x0a) // AnyValue.string_value
    writer.text(value, size)
  } else if (typeof value === 'boolean') {
    head(bytes, 2)
    writer.byte(0x10) // AnyValue.bool_value
    writer.byte(value ? 1 : 0)
  } else if (typeof value === 'number') {
    number(bytes, value)
  } else {
    list(bytes, value)
  }
}

/** The length of a KeyValue, its key, and the length of its AnyValue. */
function head(key: Buffer, any: number): void {
  writer.varint(key.length + 1 + varintSize(any) + any)
  writer.raw(key)
  writer.byte(0x12) // KeyValue.value
  writer.varint(any)
}

function number(key: Buffer, value: number): void {
  if (Number.isSafeInteger(value)) {
    head(key, 1 + (value < 0 ? 10 : varintSize(value)))
    writer.byte(0x18) // AnyValue.int_value
    writer.int64(value)
  } else {
    head(key, 9)
    writer.byte(0x21) // AnyValue.double_value
    writer.double(value)
  }
}

function list(key: Buffer, values: readonly string[]): void {
  const start = writer.begin()
  writer.raw(key)
  writer.byte(0x12) // KeyValue.value
  const any = writer.begin()
  writer.byte(0x2a) // AnyValue.array_value
  const array = writer.begin()
  for (const value of values) {
    const size = utf8Size(value)
    writer.byte(0x0a) // ArrayValue.values
    writer.varint(1 + varintSize(size) + size)
    writer.byte(0x0a) // AnyValue.string_value
    writer.text(value, size)
  }
  writer.end(array)
  writer.end(any)
  writer.end(start)
}
