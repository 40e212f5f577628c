// Dialects that disagree, as in a migration with two agents alive: who is followed is a rule, and what was lost by it
// is linked and counted.
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const inW3c = '4bf92f3577b34da6a3ce929d0e0e4736'
const inB3 = '80f198ee56343ba864fe8b2a57d3eff7'
const inJaeger = '0ad1348f140316927500210035669690'
const spanId = '00f067aa0ba902b7'

/** Three traces: the oldest dialect's has a parent, and Jaeger's is asked first. */
const three: readonly Field[] = [
  ...wires.w3c.write(inW3c, spanId, 'keep'),
  ...wires.b3multi.write(inB3, spanId, 'keep'),
  ['X-B3-ParentSpanId', '05e3ac9a4f6e3b90'],
  ...wires.jaeger.write(inJaeger, spanId, 'keep')
]

async function world(t: Test) {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await run(
    t,
    `
accept: [jaeger, b3multi, w3c, sw8]
conflict: newest-dialect
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }], emit: [w3c] } }
routes:
  - { match: { path: /** }, upstream: origin }
  - { match: { path: /first }, upstream: origin, conflict: first }
  - { match: { path: /richest }, upstream: origin, conflict: richest }
  - { match: { path: /sw8 }, upstream: origin, emit: [sw8] }
`
  )
  return { ...gateway, origin, receiver }
}

t.test('a rule says who is followed: the first, the richest, or the newest dialect', async t => {
  const { port, origin } = await world(t)
  for (const [path, traceId] of [
    ['/', inW3c],
    ['/first', inJaeger],
    ['/richest', inB3]
  ] as const) {
    await ask(t, port, { path, fields: three })
    t.match(wires.w3c.read(origin.last()), { traceId }, path)
  }
})

t.test('those that are not followed are links of the span, and counted by pairs of dialects', async t => {
  const { port, receiver, adminUrl } = await world(t)
  await ask(t, port, { fields: three })
  const spans = await receiver.received(2)
  const links = spans.find(span => span.kind === 2)?.links ?? []
  t.strictSame(links.map(({ traceId }) => traceId).sort(), [inJaeger, inB3].sort())
  const pairs = (labels: Readonly<Record<string, string>>) =>
    metric(adminUrl, 'tracebridge_conflicts_total', labels)
  t.equal(await pairs({ winner: 'w3c', loser: 'b3multi' }), 1)
  t.equal(await pairs({ winner: 'w3c', loser: 'jaeger' }), 1)
  await ask(t, port, { path: '/first', fields: three })
  t.equal(await pairs({ winner: 'jaeger', loser: 'w3c' }), 1)
  t.equal(await pairs({}), 4)
})

t.test('SkyWalking’s header beside W3C’s of the same trace gives it back its own id', async t => {
  const { port, origin, adminUrl } = await world(t)
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const segment = 'a12ff60b5807463899ea84ae4ba9cb3d'
  const sw8 = [
    '1',
    base64(inW3c.toUpperCase()),
    base64(segment),
    '3',
    ...['shop', 'shop-1', '/', 'o:1'].map(base64)
  ]
  await ask(t, port, {
    path: '/sw8',
    fields: [...wires.w3c.write(inW3c, spanId, 'keep'), ['sw8', sw8.join('-')]]
  })
  const [, trace = ''] = valueIn(origin.last(), 'sw8')?.split('-') ?? []
  t.equal(Buffer.from(trace, 'base64').toString(), inW3c.toUpperCase())
  t.equal(await metric(adminUrl, 'tracebridge_conflicts_total'), 0)
})
