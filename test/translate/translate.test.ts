import t, { type Test } from 'tap'
import { type DryRun, type Question, translate } from '../../src/translate/translate.ts'
import { countedIds } from '../mediate/policies.ts'
import { loaded } from '../rules/rule-files.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const grandparent = '05e3ac9a4f6e3b90'
const other = '80f198ee56343ba864fe8b2a57d3eff7'
const another = 'e457b5a2e4d86bd1'
const traceparent = ['traceparent', `00-${traceId}-${spanId}-01`] as const

const yaml = `
export: [{ console: {} }]
trust:
  - { from: 192.0.2.0/24, context: restart }
  - { from: any, context: continue }
baggage: { allow: [tenant] }
upstreams:
  orders: { targets: [{ url: http://127.0.0.1:9 }], emit: [b3multi, jaeger] }
  web: { targets: [{ url: http://127.0.0.1:9 }], emit: [w3c], baggage: { emit: [] } }
  unused: { targets: [{ url: http://127.0.0.1:9 }] }
routes:
  - { name: orders.get, match: { path: "/orders/{id}" }, upstream: orders }
  - { name: web, match: { path: /web/**, host: shop.example.com }, upstream: web }
  - { name: quiet, match: { path: /quiet }, upstream: web, spans: none }
`

function asked(t: Test, differing: Partial<Question> = {}, rules: string = yaml): DryRun {
  const question = { method: 'GET', path: '/orders/7', host: undefined, from: '127.0.0.1', headers: [] }
  return translate(loaded(t, rules).rules, { ...question, ...differing }, countedIds())
}

t.test('a path that would be refused is said to be', async t => {
  const said = (path: string) => asked(t, { path }).why.some(sentence => sentence.includes('answered 400'))
  t.ok(said('/orders/..'))
  t.ok(said('/orders/a%2Fb'), 'the order a/b is read as a route that there is not')
  t.notOk(said('/orders/a%20b?c=../%2F'))
})

/** What would be sent, by name; the first of a name counts. */
function setOf(run: DryRun, upstream: string): Readonly<Record<string, string>> {
  return Object.fromEntries(run.translation.upstreams[upstream]?.set ?? [])
}

t.test('the object has the keys of the contract, in its order, and no others', async t => {
  const conflicting = ['b3', `${other}-${another}-1`] as const
  const { translation } = asked(t, { headers: [traceparent, conflicting] })
  t.strictSame(Object.keys(translation), ['received', 'decision', 'span', 'upstreams'])
  t.strictSame(Object.keys(translation.received), [
    'dialect',
    'kind',
    'traceId',
    'spanId',
    'parentId',
    'sampling',
    'reason',
    'conflicts'
  ])
  t.strictSame(Object.keys(translation.received.conflicts[0] ?? {}), ['dialect', 'traceId', 'spanId'])
  t.strictSame(Object.keys(translation.decision), ['trust', 'sampled', 'why'])
  t.strictSame(Object.keys(translation.span), ['traceId', 'spanId'])
  t.strictSame(Object.keys(translation.upstreams), ['orders', 'web'])
  for (const upstream of Object.values(translation.upstreams)) {
    t.strictSame(Object.keys(upstream), ['set', 'strip'])
  }
  t.strictSame(JSON.parse(JSON.stringify(translation)), translation, 'nothing is lost on the way to JSON')
})

t.test('a context: what was understood, what is decided, what each upstream would receive', async t => {
  const { translation, route } = asked(t, { headers: [traceparent] })
  t.equal(route, 'orders.get')
  const { span } = translation
  const [first = '', ...rest] = translation.upstreams['orders']?.set ?? []
  t.strictSame(translation.received, {
    dialect: 'w3c',
    kind: 'context',
    traceId,
    spanId,
    parentId: null,
    sampling: 'keep',
    reason: null,
    conflicts: []
  })
  t.strictSame(translation.decision, { trust: 'continue', sampled: true, why: 'parent' })
  t.equal(span.traceId, traceId)
  t.strictSame(first, ['X-B3-TraceId', traceId])
  t.strictSame(
    rest.map(([name]) => name),
    ['X-B3-SpanId', 'X-B3-ParentSpanId', 'X-B3-Sampled', 'uber-trace-id']
  )
  t.equal(setOf(asked(t, { headers: [traceparent] }), 'orders')['X-B3-ParentSpanId'], span.spanId)
  t.ok(translation.upstreams['orders']?.strip.includes('x-b3-parentspanid'))
  t.ok(translation.upstreams['orders']?.strip.includes('baggage'))
})

t.test('what each kind of context shows', async t => {
  const received = (...headers: Question['headers']) => asked(t, { headers }).translation.received
  t.match(received(), { dialect: null, kind: 'none', traceId: null, sampling: 'defer', reason: 'absent' })
  t.match(received(['b3', '0']), { dialect: 'b3', kind: 'decision', traceId: null, sampling: 'drop' })
  t.match(received(['b3', `${other}-${another}-d-${grandparent}`]), {
    parentId: grandparent,
    sampling: 'debug'
  })
  t.match(received(['traceparent', 'x']), { dialect: 'w3c', kind: 'none', reason: 'bad-version' })
  t.match(received(traceparent, ['b3', `${other}-${another}-1`]), {
    traceId,
    conflicts: [{ dialect: 'b3', traceId: other, spanId: another }]
  })
})

t.test('what was not understood beside a context is its reason', async t => {
  const headers = [traceparent, ['tracestate', 'no member'], ['uber-trace-id', 'x:y']] as const
  t.match(asked(t, { headers }).translation.received, {
    kind: 'context',
    traceId,
    reason: 'w3c: tracestate invalid-member; jaeger: field-count'
  })
})

t.test('the caller’s address decides whether it is believed', async t => {
  const { translation } = asked(t, { headers: [traceparent], from: '192.0.2.7' })
  t.match(translation.decision, { trust: 'restart' })
  t.match(translation.received, { traceId })
  t.not(translation.span.traceId, traceId)
  t.notMatch(JSON.stringify(translation.upstreams), traceId)
  for (const name of ['sw8', 'newrelic', 'uberctx-*', 'baggage-*'])
    t.ok(translation.upstreams['orders']?.strip.includes(name), `a stranger’s ${name} goes no further`)
})

t.test('host, method and path choose the route, and none is said', async t => {
  t.equal(asked(t, { path: '/web/a?b=c', host: 'shop.example.com:8080' }).route, 'web')
  t.equal(asked(t, { path: '/web/a', host: 'elsewhere' }).route, undefined)
  const { translation, route } = asked(t, { path: '/nowhere', headers: [traceparent] })
  t.equal(route, undefined)
  t.equal(translation.received.traceId, traceId, 'what would be understood is told all the same')
})

t.test('names in any case, blanks around values, and repeated fields are as on the wire', async t => {
  const headers = [
    ['TraceParent', ` \t00-${traceId}-${spanId}-01 `],
    ['tracestate', 'a=1'],
    ['Tracestate', ' b=2 ']
  ] as const
  const run = asked(t, { headers, path: '/web/a', host: 'shop.example.com' })
  t.match(run.translation.received, { kind: 'context', traceId })
  t.equal(setOf(run, 'web')['tracestate'], 'a=1,b=2')
})

t.test('each upstream is told by its own route: its dialects, its baggage, its spans', async t => {
  const headers = [traceparent, ['baggage', 'tenant=a,secret=b']] as const
  const run = asked(t, { headers })
  t.equal(setOf(run, 'orders')['baggage'], 'tenant=a')
  t.equal(setOf(run, 'web')['baggage'], undefined)
  const quiet = asked(t, { headers, path: '/quiet' })
  t.equal(setOf(quiet, 'web')['traceparent'], traceparent[1])
  t.match(setOf(quiet, 'orders')['uber-trace-id'], new RegExp(`^${traceId}:(?!${spanId})[0-9a-f]{16}:`))
})

t.test('a new trace is the same one on every way it could take', async t => {
  const run = asked(t)
  const { span } = run.translation
  t.equal(setOf(run, 'orders')['X-B3-TraceId'], span.traceId)
  t.equal(setOf(run, 'orders')['X-B3-ParentSpanId'], span.spanId)
  t.ok(setOf(run, 'web')['traceparent']?.startsWith(`00-${span.traceId}-`))
})

t.test('a transparent hop says so', async t => {
  const { translation } = asked(t, { headers: [traceparent], path: '/quiet' })
  t.strictSame(translation.decision, { trust: 'continue', sampled: true, why: 'transparent' })
  t.strictSame(translation.span, { traceId, spanId })
})
