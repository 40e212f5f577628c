// Spans as SkyWalking segments in JSON: what one request makes is one segment, so that the services behind the gateway
// find the span that their sw8 names. It relies on the spans of a request following one another.
// https://skywalking.apache.org/docs/main/next/en/api/trace-data-protocol-v3/
import { cut, maxEndpoint, maxName } from '../trace/sw8.ts'
import { version } from '../version.ts'
import { attributesOf, attributeText } from './attributes.ts'
import type { Attribute, Exporter, Heartbeat, Resource, Segment, SegmentParent, Span } from './exporter.ts'

export const skywalking: Exporter = {
  name: 'skywalking',
  contentType: 'application/json',
  path: '/v3/segments',
  encode,
  rejected: undefined,
  heartbeat
}

type Tag = { readonly key: string; readonly value: string }

function encode(spans: readonly Span[], resource: Resource): Buffer {
  const segments: object[] = []
  let id = ''
  let together: object[] = []
  for (const span of spans) {
    const segment = span.segment ?? alone(span)
    if (segment.id !== id) {
      id = segment.id
      together = []
      const { traceId } = segment
      segments.push({
        traceId,
        traceSegmentId: id,
        ...callerOf(resource),
        isSizeLimited: false,
        spans: together
      })
    }
    together.push(shown(span, segment))
  }
  return Buffer.from(JSON.stringify(segments))
}

/** What was never on the wire as sw8, such as a line of a log, is a segment that is nothing but its span. */
function alone(span: Span): Segment {
  const { traceId, spanId, name } = span
  const attributes = attributesOf(span)
  const port = attributes.get('server.port')
  const peer = attributeText(attributes.get('server.address') ?? '') + (port === undefined ? '' : `:${port}`)
  return { id: spanId, index: 0, traceId, endpoint: name, peer, parent: undefined, skipAnalysis: false }
}

/** Cut as sw8 cuts them: of a service that is called otherwise there than here the back end makes two. */
function callerOf({ service, instance }: Resource): { service: string; serviceInstance: string } {
  return { service: cut(service, maxName), serviceInstance: cut(instance, maxName) }
}

// As SkyWalking's agent for Node.js calls a server and a client of HTTP. Not 6000, the usual choice of proxies: of
// those the back end holds that they do not know whom they call, and draws no relation of instances.
// https://github.com/apache/skywalking/blob/master/oap-server/server-starter/src/main/resources/component-libraries.yml
const serverComponent = 49
const clientComponent = 2

function shown(span: Span, { index, endpoint, peer, parent, skipAnalysis }: Segment): object {
  const entry = span.kind === 'server'
  const startTime = millis(span.start)
  return {
    spanId: index,
    parentSpanId: index === 0 ? -1 : 0,
    startTime,
    endTime: Math.max(startTime, millis(span.end)),
    operationName: cut(endpoint.toWellFormed(), maxEndpoint),
    peer: entry ? undefined : peer,
    spanType: entry ? 'Entry' : 'Exit',
    spanLayer: 'Http',
    componentId: entry ? serverComponent : clientComponent,
    isError: span.error,
    tags: tagsOf(span),
    logs: [],
    refs: entry && parent !== undefined ? [refTo(parent)] : undefined,
    skipAnalysis
  }
}

function refTo({ traceId, segmentId, index, service, instance, endpoint, peer }: SegmentParent): object {
  return {
    refType: 'CrossProcess',
    traceId,
    parentTraceSegmentId: segmentId,
    parentSpanId: index,
    parentService: service,
    parentServiceInstance: instance,
    parentEndpoint: endpoint,
    networkAddressUsedAtPeer: peer
  }
}

function millis(ms: number): number {
  return ms > 0 && ms < 1e13 ? Math.floor(ms) : 0
}

/** What SkyWalking has a name for itself, or says in a field. */
const ownWords: ReadonlyMap<string, string> = new Map([
  ['http.request.method', 'http.method'],
  ['http.response.status_code', 'http.status_code'],
  ['url.full', 'url'],
  ['url.scheme', ''],
  ['url.path', ''],
  ['url.query', ''],
  ['server.address', ''],
  ['server.port', '']
])

function tagsOf(span: Span): readonly Tag[] {
  const attributes = attributesOf(span)
  const tags: Tag[] = []
  if (span.kind === 'server') tags.push({ key: 'url', value: urlOf(attributes) })
  for (const [name, value] of attributes) {
    const key = ownWords.get(name) ?? name.toWellFormed()
    if (key !== '') tags.push({ key, value: attributeText(value) })
  }
  // The protocol has references to parents and none to others.
  for (const { traceId, spanId, reason, dialect } of span.links ?? []) {
    tags.push({ key: 'tracebridge.link', value: `${reason} ${dialect} ${traceId} ${spanId}` })
  }
  return tags
}

function urlOf(attributes: ReadonlyMap<string, Attribute>): string {
  const part = (name: string, before = '') => {
    const value = attributes.get(name)
    return value === undefined ? '' : before + attributeText(value)
  }
  const host = part('server.address')
  const authority = `${host.includes(':') ? `[${host}]` : host}${part('server.port', ':')}`
  return `${part('url.scheme')}://${authority}${part('url.path')}${part('url.query', '?')}`
}

/** SkyWalking lists the instances that it heard of in the time one looks at, be there requests or not. */
function heartbeat(resource: Resource): Heartbeat {
  const caller = callerOf(resource)
  const properties = [
    { key: 'language', value: 'nodejs' },
    { key: 'agent', value: `tracebridge ${version}` },
    ...(resource.version === '' ? [] : [{ key: 'version', value: resource.version }])
  ]
  return {
    contentType: 'application/json',
    introduction: {
      path: '/v3/management/reportProperties',
      body: Buffer.from(JSON.stringify({ ...caller, properties }))
    },
    beat: { path: '/v3/management/keepAlive', body: Buffer.from(JSON.stringify(caller)) }
  }
}
