// Spans as Zipkin v2 JSON, mapped as OpenTelemetry's exporters map them. It knows no header of B3.
// https://github.com/openzipkin/zipkin-api/blob/0659e64/zipkin2-api.yaml,
// https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
import { isIP } from 'node:net'
import { version } from '../version.ts'
import { attributesOf, attributeText } from './attributes.ts'
import type { Attribute, Exporter, Link, Resource, Span } from './exporter.ts'

export const zipkin: Exporter = {
  name: 'zipkin',
  contentType: 'application/json',
  path: '',
  encode: (spans, resource) => Buffer.from(JSON.stringify(spans.map(span => shown(span, resource)))),
  rejected: undefined,
  heartbeat: undefined
}

/** The field `shared` is never there: the gateway's span has an id of its own, its caller's is the parent. */
function shown(span: Span, resource: Resource): object {
  const attributes = attributesOf(span)
  const start = micros(span.start)
  return {
    traceId: traceIdOf(span.traceId),
    parentId: span.parentId,
    id: span.spanId,
    kind: span.kind === 'server' ? 'SERVER' : 'CLIENT',
    name: span.name.toLowerCase().toWellFormed(),
    timestamp: start,
    duration: Math.max(1, micros(span.end) - start),
    localEndpoint: { serviceName: resource.service.toLowerCase() },
    remoteEndpoint:
      span.kind === 'server'
        ? endpoint(attributes.get('client.address'), undefined)
        : endpoint(attributes.get('server.address'), attributes.get('server.port')),
    tags: tagsOf(span, attributes, resource)
  }
}

/**
 * Zipkin itself takes 16 zeros in front away, and services that speak of 64 bits never wrote them: so the trace is
 * found by the id that they log.
 */
function traceIdOf(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId
}

/** Whole microseconds; 0 for a time that is none. */
function micros(ms: number): number {
  return ms > 0 && ms < 1e12 * 9 ? Math.round(ms * 1000) : 0
}

/** A name takes the place of a service's: without one Zipkin draws no dependency. */
function endpoint(address: Attribute | undefined, port: Attribute | undefined): object | undefined {
  if (typeof address !== 'string' || address === '') return undefined
  const kind = isIP(address)
  return {
    serviceName: kind === 0 ? address.toLowerCase().toWellFormed() : undefined,
    ipv4: kind === 4 ? address : undefined,
    ipv6: kind === 6 ? address : undefined,
    port: typeof port === 'number' ? port : undefined
  }
}

function tagsOf(span: Span, attributes: ReadonlyMap<string, Attribute>, resource: Resource): object {
  const tags = new Map([['service.instance.id', resource.instance]])
  if (resource.version !== '') tags.set('service.version', resource.version)
  // https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/#instrumentationscope
  tags.set('otel.scope.name', 'tracebridge')
  tags.set('otel.scope.version', version)
  for (const [key, value] of attributes) tags.set(key.toWellFormed(), attributeText(value))
  if (span.error) {
    tags.set('otel.status_code', 'ERROR')
    // That it is there at all makes a span red; what it says is shown.
    tags.set('error', tags.get('error.type') ?? '')
  }
  // Zipkin knows neither: these are the names by which the OpenTelemetry Collector reads them back.
  // https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/zipkin
  if (span.tracestate !== '') tags.set('w3c.tracestate', span.tracestate)
  for (const [index, link] of span.links?.entries() ?? []) tags.set(`otlp.link.${index}`, linkText(link))
  return Object.fromEntries(tags)
}

function linkText({ traceId, spanId, reason, dialect }: Link): string {
  const attributes = { 'tracebridge.link.reason': reason, 'tracebridge.dialect': dialect }
  return `${traceId}|${spanId}||${JSON.stringify(attributes)}|0`
}
