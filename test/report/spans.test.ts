import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Attribute, Span } from '../../src/exporters/exporter.ts'
import { failures } from '../../src/proxy/failure.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { spansOf } from '../../src/report/spans.ts'
import { policyOf } from '../mediate/policies.ts'
import { outcomeOf, routeOf, sampled, spanId, start, target, traceId, untraced } from './outcomes.ts'

function attributesOf(span: Span | undefined): ReadonlyMap<string, Attribute> {
  const { attributes = [] } = span ?? {}
  const map = new Map<string, Attribute>()
  for (let i = 0; i < attributes.length; i += 2) {
    const name = String(attributes[i])
    if (map.has(name)) throw new Error(`${name} twice`)
    map.set(name, attributes[i + 1] ?? '')
  }
  return map
}

type Told = Parameters<typeof outcomeOf>

function serverOf(...told: Told): { span: Span; attributes: ReadonlyMap<string, Attribute> } {
  const [span] = spansOf(outcomeOf(...told))
  if (span === undefined) throw new Error('no span')
  return { span, attributes: attributesOf(span) }
}

function clientOf(...told: Told): { span: Span; attributes: ReadonlyMap<string, Attribute> } {
  const span = spansOf(outcomeOf(...told))[1]
  if (span === undefined) throw new Error('no client span')
  return { span, attributes: attributesOf(span) }
}

t.test(
  'one server span, whose parent is the caller, and below it a client span for each attempt',
  async t => {
    const [server, first, second, ...more] = spansOf(outcomeOf({}, { tries: [{ status: 503 }, {}] }))
    t.strictSame(more, [])
    t.match(server, {
      traceId,
      parentId: spanId,
      parentIsRemote: true,
      kind: 'server',
      name: 'GET /orders/{id}',
      start,
      end: start + 12.5,
      flags: 1,
      error: false,
      links: undefined
    })
    const below = { traceId, parentId: server?.spanId, parentIsRemote: false, kind: 'client', name: 'GET' }
    t.match(first, { ...below, start: start + 1, end: start + 11, error: true })
    t.match(second, { ...below, start: start + 2, end: start + 12, error: false })
    t.not(first?.spanId, second?.spanId)
    t.equal(attributesOf(first).has('http.request.resend_count'), false)
    t.equal(attributesOf(second).get('http.request.resend_count'), 1)
  }
)

t.test('the server span says what the conventions ask for, and no more of a plain request', async t => {
  const { attributes } = serverOf()
  t.strictSame(Object.fromEntries(attributes), {
    'http.request.method': 'GET',
    'url.path': '/orders/7',
    'url.scheme': 'http',
    'http.response.status_code': 200,
    'http.route': '/orders/{id}',
    'network.protocol.version': '1.1',
    'server.address': 'shop.example.com',
    'client.address': '10.0.0.9',
    'tracebridge.dialect.in': 'w3c',
    'tracebridge.sampling.reason': 'parent'
  })
})

t.test('the client span names the span that answered it', async t => {
  const named = (answer: NonNullable<Outcome['attempts'][number]['answer']>) =>
    clientOf({}, { tries: [{ answer }] }).attributes.get('tracebridge.answer.span_id')
  t.equal(named({ outcome: 'same', spanId: 'b7ad6b7169203331' }), 'b7ad6b7169203331')
  t.equal(named({ outcome: 'other', spanId: undefined }), undefined)
  t.equal(clientOf().attributes.has('tracebridge.answer.span_id'), false)
})

t.test('the client span says where the attempt went', async t => {
  const tags = new Map([
    ['service.tag', 'gray'],
    ['version', '1.9']
  ])
  const { attributes } = clientOf({}, { tries: [{ target: { ...target, tags } }] })
  t.strictSame(Object.fromEntries(attributes), {
    'http.request.method': 'GET',
    'server.address': 'orders',
    'server.port': 8080,
    'url.full': 'http://orders:8080/orders/7',
    'http.response.status_code': 200,
    'service.tag': 'gray',
    'service.version': '1.9'
  })
})

t.test('nothing is told of a dropped trace, of a transparent hop, or where no trace was touched', async t => {
  t.strictSame(spansOf(outcomeOf({}, { headers: [['b3', '0']] })), [])
  t.strictSame(spansOf(outcomeOf({ route: routeOf({ policy: policyOf({ spans: 'none' }) }) })), [])
  t.strictSame(spansOf(untraced()), [])
})

t.test('a debug trace is told of', async t => {
  t.equal(spansOf(outcomeOf({}, { headers: [['b3', 'd']] })).length, 2)
})

t.test('a root has no parent, remote or not, and says that its id is random', async t => {
  const { span, attributes } = serverOf({}, { headers: [] })
  t.match(span, { parentId: undefined, parentIsRemote: false, flags: 3 })
  t.equal(attributes.has('tracebridge.dialect.in'), false)
  t.equal(attributes.get('tracebridge.sampling.reason'), 'ratio')
})

t.test('names are never the raw path: the route’s own name, else method and template', async t => {
  const named = routeOf({ name: 'shop.orders.get' })
  t.equal(serverOf({ route: named }).span.name, 'shop.orders.get')
  t.equal(serverOf({ route: named }).attributes.get('http.route'), '/orders/{id}')
  const outcome: Outcome = { ...outcomeOf(), route: undefined }
  t.equal(spansOf(outcome)[0]?.name, 'GET')
})

t.test('a method that nobody knows is HTTP in names, _OTHER in attributes, and kept as it came', async t => {
  const { span, attributes } = serverOf({ method: 'PURGE' })
  t.equal(span.name, 'HTTP /orders/{id}')
  t.equal(attributes.get('http.request.method'), '_OTHER')
  t.equal(attributes.get('http.request.method_original'), 'PURGE')
  t.match(clientOf({ method: 'PURGE' }).span, { name: 'HTTP' })
  t.equal(clientOf({ method: 'PURGE' }).attributes.get('http.request.method'), '_OTHER')
})

t.test('status: a server span fails from 500 on, a client span from 400 on', async t => {
  for (const [status, server, client] of [
    [200, false, false],
    [302, false, false],
    [399, false, false],
    [400, false, true],
    [404, false, true],
    [499, false, true],
    [500, true, true],
    [503, true, true]
  ] as const) {
    const told: Told = [{ status }, { tries: [{ status }] }]
    for (const [{ span, attributes }, error] of [
      [serverOf(...told), server],
      [clientOf(...told), client]
    ] as const) {
      t.equal(span.error, error, `${status} ${span.kind}`)
      t.equal(attributes.get('error.type'), error ? String(status) : undefined, `${status} ${span.kind}`)
      t.equal(attributes.get('http.response.status_code'), status)
    }
  }
})

t.test(
  'a failure of the gateway’s table is the error type, and an attempt without an answer has no status',
  async t => {
    const failure = failures.upstreamUnreachable.code
    const told: Told = [{ status: 503, failure }, { tries: [{ status: undefined, failure }] }]
    t.equal(serverOf(...told).attributes.get('error.type'), failure)
    t.equal(clientOf(...told).attributes.get('error.type'), failure)
    t.equal(clientOf(...told).attributes.has('http.response.status_code'), false)
    t.equal(clientOf(...told).span.error, true)
  }
)

t.test('an answer that began well and was cut short is an error of both', async t => {
  const failure = failures.upstreamIncomplete.code
  const told: Told = [{ status: 200, failure }, { tries: [{ status: 200, failure }] }]
  t.equal(serverOf(...told).span.error, true)
  t.equal(serverOf(...told).attributes.get('error.type'), failure)
  t.equal(serverOf(...told).attributes.get('http.response.status_code'), 200)
  t.equal(clientOf(...told).span.error, true)
})

t.test('a caller that leaves is no error of the server, and 499 is no status that went out', async t => {
  const failure = failures.callerGone.code
  const before = serverOf({ status: 499, failure }, { tries: [{ status: undefined, failure }] })
  t.equal(before.span.error, false)
  t.equal(before.attributes.get('error.type'), failure)
  t.equal(before.attributes.has('http.response.status_code'), false)
  const during = serverOf({ status: 200, failure }, { tries: [{ failure }] })
  t.equal(during.span.error, false)
  t.equal(during.attributes.get('http.response.status_code'), 200)
})

t.test('host and port of the request, as far as they are any', async t => {
  for (const [host, address, port] of [
    ['shop.example.com:8443', 'shop.example.com', 8443],
    ['[::1]:8080', '::1', 8080],
    ['[2001:db8::1]', '2001:db8::1', undefined],
    ['shop.example.com:', 'shop.example.com', undefined],
    ['shop:99999', 'shop', undefined],
    ['shop:Infinity', 'shop:Infinity', undefined],
    ['shop:-1', 'shop:-1', undefined],
    ['shop:0x50', 'shop:0x50', undefined],
    ['shop:1e3', 'shop:1e3', undefined],
    [':80', undefined, 80],
    ['', undefined, undefined]
  ] as const) {
    const { attributes } = serverOf({ host })
    t.equal(attributes.get('server.address'), address, host)
    t.equal(attributes.get('server.port'), port, host)
  }
})

t.test('secrets in the query are written down nowhere', async t => {
  const query = 'a=1&sig=open-sesame&access_token=open-sesame'
  t.equal(serverOf({ query }).attributes.get('url.query'), 'a=1&sig=REDACTED&access_token=REDACTED')
  t.equal(
    clientOf({ query }).attributes.get('url.full'),
    'http://orders:8080/orders/7?a=1&sig=REDACTED&access_token=REDACTED'
  )
  t.notMatch(JSON.stringify(spansOf(outcomeOf({ query }))), 'open-sesame')
})

t.test('what a caller may choose is bounded, and numbers are numbers', async t => {
  const text = fc.string({ unit: 'binary', maxLength: 600 })
  fc.assert(
    fc.property(text, text, text, text, text, (path, query, host, userAgent, method) => {
      for (const span of spansOf(outcomeOf({ path: `/${path}`, query, host, userAgent, method }))) {
        for (const [name, value] of attributesOf(span)) {
          if (typeof value === 'number') assert(Number.isSafeInteger(value), name)
          else assert(String(value).length <= 256, name)
        }
        assert(/^[A-Z]+(?: \/orders\/\{id\})?$/.test(span.name), span.name)
      }
    })
  )
  t.pass('every request')
})

t.test('links, the debug id and the user agent come along', async t => {
  const linked = serverOf({ userAgent: 'curl/8' }, { trust: 'restart' })
  t.strictSame(linked.span.links, [{ traceId, spanId, dialect: 'w3c', reason: 'restarted' }])
  t.equal(linked.attributes.get('user_agent.original'), 'curl/8')
  t.equal(serverOf({}, { headers: [['jaeger-debug-id', 'mine']] }).attributes.get('jaeger-debug-id'), 'mine')
})

t.test('a request by TLS says so, and what the certificate of its caller calls it', async t => {
  const { attributes } = serverOf({ scheme: 'https', identity: 'spiffe://example.org/ns/shop' })
  t.equal(attributes.get('url.scheme'), 'https')
  t.equal(attributes.get('tracebridge.client.identity'), 'spiffe://example.org/ns/shop')
  t.equal(serverOf().attributes.has('tracebridge.client.identity'), false)
})

t.test('tracestate goes with the spans', async t => {
  const headers = [...sampled, ['tracestate', 'vendor=1']] as const
  for (const span of spansOf(outcomeOf({}, { headers }))) t.equal(span.tracestate, 'vendor=1')
})

t.test('what is kept after all says why, and its flag is the one that went downstream', async t => {
  const outcome = outcomeOf(
    { status: 500 },
    { headers: [['traceparent', `00-${traceId}-${spanId}-00`]], tries: [{ status: 500 }] }
  )
  t.strictSame(spansOf(outcome), [])
  const spans = spansOf(outcome, 'error')
  t.strictSame(
    spans.map(({ kind, flags, tracestate, error }) => ({ kind, flags, tracestate, error })),
    [
      { kind: 'server', flags: 0, tracestate: '', error: true },
      { kind: 'client', flags: 0, tracestate: '', error: true }
    ]
  )
  const [server] = spans
  t.equal(server && attributesOf(server).get('tracebridge.sampling.reason'), 'error')
  const random = outcomeOf({}, { headers: [['traceparent', `00-${traceId}-${spanId}-02`]] })
  t.ok(spansOf(random, 'slow').every(({ flags }) => flags === 2))
})

t.test('an upgraded connection says what passed, and how it ended', async t => {
  const { attributes } = serverOf({
    status: 101,
    bytes: 7,
    upgraded: { at: start + 5, received: 3, by: 'upstream', code: 1013 }
  })
  t.equal(attributes.get('tracebridge.upgrade'), 'websocket')
  t.equal(attributes.get('tracebridge.upgrade.received_bytes'), 3)
  t.equal(attributes.get('tracebridge.upgrade.sent_bytes'), 7)
  t.equal(attributes.get('tracebridge.upgrade.ended_by'), 'upstream')
  t.equal(attributes.get('tracebridge.upgrade.close_code'), 1013)
  t.equal(attributes.has('error.type'), false)
})
