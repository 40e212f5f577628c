// The published JSON mapping, field by field; test/interop reads the same bytes with the agent's own messages.
// https://skywalking.apache.org/docs/main/next/en/api/trace-data-protocol-v3/
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Segment, Span } from '../../src/exporters/exporter.ts'
import { skywalking } from '../../src/exporters/skywalking.ts'
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import { version } from '../../src/version.ts'
import { makeSpan, resource } from '../span.ts'
import { anySpan } from './any-span.ts'

const place: Segment = {
  id: 'f'.repeat(32),
  index: 0,
  traceId: '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880001',
  endpoint: 'GET:/orders/{id}',
  peer: '',
  parent: undefined,
  skipAnalysis: false
}

function entry(differing: Partial<Span> = {}, segment: Partial<Segment> = {}): Span {
  return makeSpan({ segment: { ...place, ...segment }, ...differing })
}

function exit(index: number, differing: Partial<Span> = {}, segment: Partial<Segment> = {}): Span {
  return makeSpan({
    kind: 'client',
    segment: { ...place, index, peer: 'orders:8080', ...segment },
    ...differing
  })
}

function encoded(spans: readonly Span[], by = resource) {
  return JSON.parse(skywalking.encode(spans, by).toString())
}

t.test('one request is one segment: an entry, and an exit for each attempt', async t => {
  const spans = [
    entry({
      attributes: [
        'http.request.method',
        'GET',
        'url.scheme',
        'http',
        'url.path',
        '/orders/7',
        'url.query',
        'a=1',
        'server.address',
        'shop.example.com',
        'server.port',
        8080,
        'http.response.status_code',
        200,
        'client.address',
        '10.0.0.9'
      ]
    }),
    exit(1, {
      error: true,
      attributes: ['url.full', 'http://orders:8080/orders/7', 'server.address', 'orders']
    }),
    exit(2, { attributes: ['http.response.status_code', 200] })
  ]
  t.strictSame(encoded(spans), [
    {
      traceId: place.traceId,
      traceSegmentId: place.id,
      service: 'shop-gateway',
      serviceInstance: 'gw-1',
      isSizeLimited: false,
      spans: [
        {
          spanId: 0,
          parentSpanId: -1,
          startTime: 1_763_600_000_000,
          endTime: 1_763_600_000_012,
          operationName: 'GET:/orders/{id}',
          spanType: 'Entry',
          spanLayer: 'Http',
          componentId: 49,
          isError: false,
          tags: [
            { key: 'url', value: 'http://shop.example.com:8080/orders/7?a=1' },
            { key: 'http.method', value: 'GET' },
            { key: 'http.status_code', value: '200' },
            { key: 'client.address', value: '10.0.0.9' }
          ],
          logs: [],
          skipAnalysis: false
        },
        {
          spanId: 1,
          parentSpanId: 0,
          startTime: 1_763_600_000_000,
          endTime: 1_763_600_000_012,
          operationName: 'GET:/orders/{id}',
          peer: 'orders:8080',
          spanType: 'Exit',
          spanLayer: 'Http',
          componentId: 2,
          isError: true,
          tags: [{ key: 'url', value: 'http://orders:8080/orders/7' }],
          logs: [],
          skipAnalysis: false
        },
        {
          spanId: 2,
          parentSpanId: 0,
          startTime: 1_763_600_000_000,
          endTime: 1_763_600_000_012,
          operationName: 'GET:/orders/{id}',
          peer: 'orders:8080',
          spanType: 'Exit',
          spanLayer: 'Http',
          componentId: 2,
          isError: false,
          tags: [{ key: 'http.status_code', value: '200' }],
          logs: [],
          skipAnalysis: false
        }
      ]
    }
  ])
})

t.test('the next request is the next segment', async t => {
  const other = { id: 'e'.repeat(32) }
  const list = encoded([entry(), exit(1), entry({}, other), exit(1, {}, other)])
  t.same(
    list.map((segment: { traceSegmentId: string; spans: object[] }) => [
      segment.traceSegmentId.slice(0, 1),
      segment.spans.length
    ]),
    [
      ['f', 2],
      ['e', 2]
    ]
  )
})

t.test('a span without a segment is one by itself, under the id that others know it by', async t => {
  const server = makeSpan({ name: 'GET /log/line' })
  const client = makeSpan({ kind: 'client', attributes: ['server.address', 'orders', 'server.port', 80] })
  const list = encoded([server, client])
  t.match(list, [
    {
      traceId: server.traceId,
      traceSegmentId: server.spanId,
      spans: [{ spanId: 0, parentSpanId: -1, spanType: 'Entry', operationName: 'GET /log/line' }]
    },
    {
      traceSegmentId: client.spanId,
      spans: [{ spanId: 0, parentSpanId: -1, spanType: 'Exit', peer: 'orders:80' }]
    }
  ])
  t.equal(skywalkingSpanId(server.spanId, 0), server.spanId)
})

t.test('the entry refers to the caller that came by sw8, and nothing else does', async t => {
  const parent = {
    traceId: place.traceId,
    segmentId: 'browser-segment',
    index: 3,
    service: 'web',
    instance: '',
    endpoint: '/page',
    peer: 'shop.example.com'
  }
  const [{ spans }] = encoded([entry({}, { parent }), exit(1, {}, { parent })])
  t.strictSame(spans[0].refs, [
    {
      refType: 'CrossProcess',
      traceId: place.traceId,
      parentTraceSegmentId: 'browser-segment',
      parentSpanId: 3,
      parentService: 'web',
      parentServiceInstance: '',
      parentEndpoint: '/page',
      networkAddressUsedAtPeer: 'shop.example.com'
    }
  ])
  t.notOk('refs' in spans[1])
})

t.test('names are cut where sw8 cuts them, so that both name one service', async t => {
  const long = { service: 's'.repeat(60), version: '', instance: 'i'.repeat(60) }
  const [segment] = encoded([entry({}, { endpoint: `GET:/${'e'.repeat(200)}` })], long)
  t.equal(segment.service.length, 50)
  t.equal(segment.serviceInstance.length, 50)
  t.equal(segment.spans[0].operationName.length, 150)
})

t.test('what asked to be left out of statistics is', async t => {
  const [{ spans }] = encoded([entry({}, { skipAnalysis: true })])
  t.equal(spans[0].skipAnalysis, true)
})

t.test('a link is a tag, and IPv6 in a URL stands in brackets', async t => {
  const link = { traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), reason: 'conflict', dialect: 'b3' }
  const attributes = ['url.scheme', 'http', 'server.address', '::1', 'server.port', 80, 'url.path', '/']
  const [{ spans }] = encoded([entry({ links: [link], attributes })])
  t.strictSame(spans[0].tags, [
    { key: 'url', value: 'http://[::1]:80/' },
    { key: 'tracebridge.link', value: `conflict b3 ${'d'.repeat(32)} ${'e'.repeat(16)}` }
  ])
})

t.test('any spans become segments whose times run forward and whose tags are texts', async t => {
  const anySegment = fc.record({
    id: fc.constantFrom('a'.repeat(32), 'b'.repeat(32)),
    index: fc.integer({ min: 0, max: 3 }),
    traceId: fc.string(),
    endpoint: fc.string({ unit: 'binary', maxLength: 200 }),
    peer: fc.string(),
    parent: fc.constant(undefined),
    skipAnalysis: fc.boolean()
  })
  const spans = fc.array(
    fc
      .tuple(anySpan, fc.option(anySegment, { nil: undefined }))
      .map(([span, segment]) => ({ ...span, segment }))
  )
  fc.assert(
    fc.property(spans, list => {
      const told = encoded(list).flatMap((segment: { spans: object[] }) => segment.spans)
      assert.equal(told.length, list.length)
      for (const { startTime, endTime, tags, operationName } of told) {
        assert(Number.isSafeInteger(startTime) && startTime >= 0 && endTime >= startTime)
        assert(operationName.length <= 150)
        for (const { key, value } of tags) assert(typeof key === 'string' && typeof value === 'string')
      }
    }),
    { numRuns: 60 }
  )
  t.pass('every one')
})

t.test('it tells who it is, and that it lives', async t => {
  const heartbeat = skywalking.heartbeat?.(resource)
  if (heartbeat === undefined) throw new Error('no heartbeat')
  const { introduction, beat } = heartbeat
  t.equal(introduction.path, '/v3/management/reportProperties')
  t.strictSame(JSON.parse(introduction.body.toString()), {
    service: 'shop-gateway',
    serviceInstance: 'gw-1',
    properties: [
      { key: 'language', value: 'nodejs' },
      { key: 'agent', value: `tracebridge ${version}` },
      { key: 'version', value: '1.4.2' }
    ]
  })
  t.equal(beat.path, '/v3/management/keepAlive')
  t.strictSame(JSON.parse(beat.body.toString()), { service: 'shop-gateway', serviceInstance: 'gw-1' })
})
