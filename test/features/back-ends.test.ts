// Every back end at once, each fed by its own queue in its own words: an old one and a new one during a migration.
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import { holdClosedPort } from '../closed-port.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOap } from '../oap.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { type Collected, startCollector } from '../report/collector.ts'
import { run } from '../running.ts'
import { sw8Field, sw8In } from '../sw8-wire.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

// Spans wait a second for company, and some for a back end that is down.
t.jobs = 4

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const fromW3c = { path: '/orders/7', fields: wires.w3c.write(traceId, spanId, 'keep') }

const swTrace = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880001'
const swSegment = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880000'

type ZipkinSpan = {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly kind: string
}

function zipkinSpans(requests: readonly Collected[]): ZipkinSpan[] {
  return requests.flatMap(({ body }) => JSON.parse(gunzipSync(body).toString()))
}

function rules(exporters: string, upstream: string): string {
  return `
service: { name: shop-gateway, version: 1.4.2, instance: gw-1 }
accept: [w3c, sw8]
# On a busy machine a request takes its second, and what is slow would be kept after all.
sampling: { keep: none }
export:
${exporters}
upstreams: { orders: { targets: [{ url: "${upstream}" }], emit: [w3c, sw8] } }
routes: [{ match: { path: "/orders/{id}" }, upstream: orders }]
`
}

async function world(t: Test) {
  const orders = await startOrigin(t)
  const otlp = await startReceiver()
  t.teardown(otlp.close)
  const zipkin = await startCollector(t, response => response.writeHead(202).end())
  const skywalking = await startOap(t)
  const exporters = `
  - otlp: { url: "${otlp.url}" }
  - zipkin: { url: "${zipkin.url}" }
  - skywalking: { url: "${skywalking.url}", headers: { Authentication: token-1 } }
`
  const gateway = await run(t, rules(exporters, orders.url))
  return { gateway, orders, otlp, zipkin, skywalking }
}

t.test('three back ends know the same spans of a request, by the same ids', async t => {
  const { gateway, orders, otlp, zipkin, skywalking } = await world(t)
  await ask(t, gateway.port, fromW3c)
  const spans = await otlp.received(2)
  await until(() => zipkin.requests.length > 0, 'Zipkin gets them')
  const [segment] = await skywalking.received(1)

  const seen = spans.map(span => ({ traceId: span.traceId, id: span.spanId, parentId: span.parentSpanId }))
  t.same(
    zipkinSpans(zipkin.requests).map(span => ({
      traceId: span.traceId,
      id: span.id,
      parentId: span.parentId
    })),
    seen
  )
  t.match(segment, { traceId, service: 'shop-gateway', serviceInstance: 'gw-1' })
  t.same(
    segment?.spans.map(span => skywalkingSpanId(segment.traceSegmentId, span.spanId)),
    seen.map(({ id }) => id)
  )
  t.notOk(segment?.spans[0]?.refs, 'a caller that speaks W3C has no place in SkyWalking')
  t.equal(wires.w3c.read(orders.last())?.spanId, seen[1]?.id, 'and the upstream is a child of that')
  t.match(zipkin.requests[0]?.headers, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
})

t.test('the segment that sw8 names is reported in the very words of that sw8', async t => {
  const { gateway, orders, skywalking } = await world(t)
  await ask(t, gateway.port, { path: '/orders/7', fields: [sw8Field(swTrace, swSegment)] })
  const [segment] = await skywalking.received(1)
  const [entry, exit] = segment?.spans ?? []
  t.match(sw8In(orders.last()), {
    trace: segment?.traceId,
    segment: segment?.traceSegmentId,
    span: String(exit?.spanId),
    service: segment?.service,
    instance: segment?.serviceInstance,
    endpoint: entry?.operationName,
    peer: exit?.peer
  })
  t.equal(exit?.peer, `127.0.0.1:${orders.port}`)
  t.strictSame(entry?.refs, [
    {
      refType: 'CrossProcess',
      traceId: swTrace,
      parentTraceSegmentId: swSegment,
      parentSpanId: 1,
      parentService: 'front',
      parentServiceInstance: 'front-1',
      parentEndpoint: 'GET:/',
      networkAddressUsedAtPeer: 'gateway:8080'
    }
  ])
})

t.test('however many come at once, each request is one whole segment', async t => {
  const { gateway, skywalking } = await world(t)
  const pool = new Pool(gateway.url, { connections: 20 })
  t.teardown(() => pool.close())
  const call = async () => (await pool.request({ method: 'GET', path: '/orders/7' })).body.dump()
  await Promise.all(Array.from({ length: 300 }, call))
  const segments = await skywalking.received(300)
  t.equal(segments.length, 300)
  t.equal(new Set(segments.map(({ traceSegmentId }) => traceSegmentId)).size, 300)
  t.same(new Set(segments.map(({ spans }) => spans.map(span => span.spanId).join())), new Set(['0,1']))
})

t.test('a trace that is dropped has neither segment nor sw8', async t => {
  const { gateway, orders, otlp, skywalking } = await world(t)
  await ask(t, gateway.port, { path: '/orders/1', fields: wires.w3c.write('d'.repeat(32), spanId, 'drop') })
  t.equal(valueIn(orders.last(), 'sw8'), undefined)
  await ask(t, gateway.port, fromW3c)
  await otlp.received(2)
  const [first, ...more] = await skywalking.received(1)
  t.equal(first?.traceId, traceId)
  t.same(more, [])
})

t.test('SkyWalking hears who the gateway is and that it lives, before any request', async t => {
  const { skywalking } = await world(t)
  await until(() => skywalking.requests.length >= 2, 'an introduction and a beat')
  const [introduction, beat] = skywalking.requests
  t.equal(introduction?.path, '/v3/management/reportProperties')
  t.match(introduction?.body, { service: 'shop-gateway', serviceInstance: 'gw-1' })
  t.match(beat, {
    path: '/v3/management/keepAlive',
    headers: { authentication: 'token-1' },
    body: { service: 'shop-gateway', serviceInstance: 'gw-1' }
  })
})

t.test('a reload to another OAP introduces the gateway there', async t => {
  const { gateway, orders, skywalking } = await world(t)
  await until(() => skywalking.requests.length >= 2, 'the first OAP knows it')
  const next = await startOap(t)
  gateway.rewrite(rules(`  - skywalking: { url: "${next.url}", compression: gzip }`, orders.url))
  await gateway.app.reload()
  await until(() => next.requests.length >= 2, 'so does the next')
  t.equal(next.requests[0]?.path, '/v3/management/reportProperties')
  await ask(t, gateway.port, fromW3c)
  t.equal((await next.received(1))[0]?.traceId, traceId)
  t.same(skywalking.segments(), [])
})

t.test('OTLP in JSON says what protobuf says', async t => {
  const orders = await startOrigin(t)
  const json = await startCollector(t, response => response.end('{"partialSuccess":{"rejectedSpans":"1"}}'))
  const exporters = `  - otlp: { url: "${json.url}", encoding: json, compression: none }`
  const gateway = await run(t, rules(exporters, orders.url))
  await ask(t, gateway.port, fromW3c)
  await until(() => json.requests.length > 0, 'a batch')
  t.equal(json.requests[0]?.headers['content-type'], 'application/json')
  const [{ scopeSpans }] = JSON.parse(json.requests[0]?.body.toString() ?? '').resourceSpans
  t.match(scopeSpans[0].spans, [
    { traceId, parentSpanId: spanId, kind: 2 },
    { traceId, kind: 3 }
  ])
  const spans = (outcome: string) =>
    metric(gateway.adminUrl, 'tracebridge_spans_total', { exporter: 'otlp', outcome })
  await until(async () => (await spans('rejected')) === 1, 'the answer is heeded')
  t.equal(await spans('exported'), 1)
})

t.test('a back end that is down, and one that refuses, harm no other', async t => {
  const orders = await startOrigin(t)
  const otlp = await startReceiver()
  t.teardown(otlp.close)
  const zipkin = await startCollector(t, response => response.writeHead(400).end())
  const exporters = `
  - skywalking: { url: "http://127.0.0.1:${await holdClosedPort(t)}" }
  - zipkin: { url: "${zipkin.url}" }
  - otlp: { url: "${otlp.url}" }
`
  const gateway = await run(t, rules(exporters, orders.url))
  for (let i = 0; i < 20; i++) t.match((await ask(t, gateway.port, fromW3c)).start, /^HTTP.1.1 200/)
  t.equal((await otlp.received(40)).length, 40)
  const count = (exporter: string, name: string, outcome?: string) =>
    metric(gateway.adminUrl, name, { exporter, ...(outcome === undefined ? {} : { outcome }) })
  await until(
    async () => (await count('zipkin', 'tracebridge_spans_total', 'dropped')) === 40,
    'refused ones are counted'
  )
  for (const exporter of ['otlp', 'zipkin', 'skywalking']) {
    t.equal(await count(exporter, 'tracebridge_spans_recorded_total'), 40, exporter)
  }
  t.equal(await count('skywalking', 'tracebridge_spans_queued'), 40, 'what cannot be sent waits')
  await until(
    async () => (await count('otlp', 'tracebridge_spans_total', 'exported')) === 40,
    'what was taken is counted'
  )
  const told = gateway.log.map(line => JSON.parse(line)).filter(line => line.level === 'warn')
  t.ok(
    told.some(line => line.exporter === 'skywalking' && line.message.includes('lives')),
    'and it is said'
  )
})
