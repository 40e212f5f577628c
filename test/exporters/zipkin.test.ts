// Judged by the rules of Zipkin's own description of its API, written down below, and by OpenTelemetry's mapping.
import assert from 'node:assert/strict'
import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import type { Span } from '../../src/exporters/exporter.ts'
import { zipkin } from '../../src/exporters/zipkin.ts'
import { version } from '../../src/version.ts'
import { makeSpan, resource } from '../span.ts'
import { anySpan } from './any-span.ts'

function encoded(...spans: Span[]) {
  return JSON.parse(zipkin.encode(spans, resource).toString())
}

const fields = new Set([
  'traceId',
  'name',
  'parentId',
  'id',
  'kind',
  'timestamp',
  'duration',
  'debug',
  'shared',
  'localEndpoint',
  'remoteEndpoint',
  'annotations',
  'tags'
])

/** https://github.com/openzipkin/zipkin-api/blob/0659e64/zipkin2-api.yaml */
function assertSpan(span: Record<string, unknown>): void {
  for (const key of Object.keys(span)) assert(fields.has(key), key)
  assert.match(String(span['traceId']), /^(?:[0-9a-f]{16}){1,2}$/)
  assert.match(String(span['id']), /^[0-9a-f]{16}$/)
  if ('parentId' in span) assert.match(String(span['parentId']), /^[0-9a-f]{16}$/)
  assert(['CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'].includes(String(span['kind'])))
  assert.equal(span['name'], String(span['name']).toLowerCase())
  for (const key of ['timestamp', 'duration']) assert(Number.isSafeInteger(span[key]), key)
  assert(Number(span['duration']) >= 1)
  for (const key of ['localEndpoint', 'remoteEndpoint'])
    if (key in span) assertEndpoint({ ...Object(span[key]) })
  for (const value of Object.values(Object(span['tags']))) assert.equal(typeof value, 'string')
}

function assertEndpoint({ serviceName, ipv4, ipv6, port, ...more }: Record<string, unknown>): void {
  assert.deepEqual(more, {})
  if (serviceName !== undefined) assert.equal(serviceName, String(serviceName).toLowerCase())
  if (ipv4 !== undefined) assert(isIPv4(String(ipv4)))
  if (ipv6 !== undefined) assert(isIPv6(String(ipv6)))
  if (port !== undefined) assert(Number.isInteger(port))
}

t.test('any spans come out as the API describes them, one for one', async t => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 6 }), spans => {
      const list = encoded(...spans)
      assert.equal(list.length, spans.length)
      for (const span of list) assertSpan(span)
    }),
    { numRuns: 60 }
  )
  t.pass('every one')
})

t.test('a server span, field by field', async t => {
  const span = makeSpan({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    name: 'GET /Orders/{id}',
    attributes: [
      'http.response.status_code',
      200,
      'client.address',
      '10.0.0.9',
      'list',
      ['a', 'b'],
      'yes',
      true
    ]
  })
  t.strictSame(encoded(span), [
    {
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      parentId: 'c'.repeat(16),
      id: '00f067aa0ba902b7',
      kind: 'SERVER',
      name: 'get /orders/{id}',
      timestamp: 1_763_600_000_000_250,
      duration: 12_500,
      localEndpoint: { serviceName: 'shop-gateway' },
      remoteEndpoint: { ipv4: '10.0.0.9' },
      tags: {
        'service.instance.id': 'gw-1',
        'service.version': '1.4.2',
        'otel.scope.name': 'tracebridge',
        'otel.scope.version': version,
        'http.response.status_code': '200',
        'client.address': '10.0.0.9',
        list: '["a","b"]',
        yes: 'true'
      }
    }
  ])
})

t.test('a service without a version has no such tag', async t => {
  const [span] = JSON.parse(zipkin.encode([makeSpan()], { ...resource, version: '' }).toString())
  t.notOk('service.version' in span.tags)
  t.equal(span.tags['otel.scope.name'], 'tracebridge')
})

t.test('a client span says whom it called: a name, or an address of its family', async t => {
  const called = (address: string) =>
    encoded(makeSpan({ kind: 'client', attributes: ['server.address', address, 'server.port', 8080] }))[0]
  t.equal(called('orders').kind, 'CLIENT')
  t.strictSame(called('Orders.shop').remoteEndpoint, { serviceName: 'orders.shop', port: 8080 })
  t.strictSame(called('10.1.2.3').remoteEndpoint, { ipv4: '10.1.2.3', port: 8080 })
  t.strictSame(called('2001:db8::1').remoteEndpoint, { ipv6: '2001:db8::1', port: 8080 })
  t.notOk('remoteEndpoint' in encoded(makeSpan())[0], 'nobody is known')
})

t.test('a trace id that began with 64 bits is the one that 64-bit services report', async t => {
  const narrow = encoded(makeSpan({ traceId: `${'0'.repeat(16)}463ac35c9f6413ad` }))[0]
  t.equal(narrow.traceId, '463ac35c9f6413ad')
})

t.test('an error is red in Zipkin, whatever it says, and what is none has no such tag', async t => {
  const [failed, unnamed, left] = encoded(
    makeSpan({ error: true, attributes: ['error.type', '503'] }),
    makeSpan({ error: true, attributes: [] }),
    makeSpan({ error: false, attributes: ['error.type', 'CALLER_GONE'] })
  )
  t.match(failed.tags, { 'otel.status_code': 'ERROR', error: '503', 'error.type': '503' })
  t.match(unnamed.tags, { 'otel.status_code': 'ERROR', error: '' })
  t.notOk('error' in left.tags)
  t.notOk('otel.status_code' in left.tags)
})

t.test('a span takes a microsecond at least, and a time that is none is no exception', async t => {
  const [short, none] = encoded(
    makeSpan({ start: 5, end: 5.0001 }),
    makeSpan({ start: Number.NaN, end: Number.NaN })
  )
  t.match(short, { timestamp: 5000, duration: 1 })
  t.match(none, { timestamp: 0, duration: 1 })
})

t.test('links and tracestate go as the tags by which the Collector reads them back', async t => {
  const link = { traceId: 'd'.repeat(32), spanId: 'e'.repeat(16), reason: 'restarted', dialect: 'b3' }
  const [span] = encoded(makeSpan({ links: [link], tracestate: 'vendor=1' }))
  t.match(span.tags, {
    'w3c.tracestate': 'vendor=1',
    'otlp.link.0': `${'d'.repeat(32)}|${'e'.repeat(16)}||{"tracebridge.link.reason":"restarted","tracebridge.dialect":"b3"}|0`
  })
})
