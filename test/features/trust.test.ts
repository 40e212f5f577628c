// Whom to believe is decided by the address that a connection comes from, and by nothing that it brings along.
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const believed = '127.0.1.1'
const partner = '127.0.2.77'
const ignored = '127.0.3.1'
const stranger = '127.0.9.1'

async function world(t: Test, rules = '') {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await run(
    t,
    `
trust:
  - { from: ${believed}, context: continue }
  - { from: 127.0.2.0/24, context: restart }
  - { from: ${ignored}/32, context: ignore }
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
${rules}
`
  )
  return { ...gateway, origin, receiver }
}

const fields: readonly Field[] = [
  ...wires.w3c.write(traceId, spanId, 'keep'),
  ['tracestate', 'vendor=secret'],
  ['baggage', 'tenant=a']
]

t.test('a believed caller’s trace goes on', async t => {
  const { port, origin, receiver, adminUrl } = await world(t)
  await ask(t, port, { from: believed, fields })
  t.match(wires.w3c.read(origin.last()), { traceId })
  t.match(valueIn(origin.last(), 'tracestate'), 'vendor=secret')
  t.equal(valueIn(origin.last(), 'baggage'), 'tenant=a')
  const server = (await receiver.received(2)).find(span => span.kind === 2)
  t.match(server, { traceId, parentSpanId: spanId })
  t.equal(server?.links.length, 0)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'continued' }), 1)
})

t.test('a caller who is not begins a new trace, which links to the one it sent', async t => {
  const { port, origin, receiver, adminUrl } = await world(t)
  // Those whom no entry names too.
  for (const [number, from] of [partner, stranger].entries()) {
    await ask(t, port, { from, fields })
    const said = wires.w3c.read(origin.last())
    t.not(said?.traceId, traceId)
    t.notMatch(valueIn(origin.last(), 'tracestate') ?? '', 'vendor', 'its tracestate stays behind')
    t.equal(valueIn(origin.last(), 'baggage'), undefined, 'and so does its baggage')
    const spans = await receiver.received(2 * (number + 1))
    const server = spans.find(span => span.kind === 2 && span.traceId === said?.traceId)
    t.equal(server?.parentSpanId, '')
    t.match(server?.links, [{ traceId, spanId }])
  }
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'restarted' }), 2)
})

t.test('a caller that is ignored begins a new trace without a link', async t => {
  const { port, origin, receiver, adminUrl } = await world(t)
  await ask(t, port, { from: ignored, fields })
  const said = wires.w3c.read(origin.last())
  t.not(said?.traceId, traceId)
  const server = (await receiver.received(2)).find(span => span.kind === 2)
  t.match(server, { traceId: said?.traceId, parentSpanId: '' })
  t.equal(server?.links.length, 0)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'ignored' }), 1)
})

t.test('a caller that is not believed decides nothing', async t => {
  const { port, origin } = await world(t, 'sampling: { rate: 0% }\nemit: [w3c, b3]')
  for (const from of [partner, ignored, stranger]) {
    for (const forced of [
      fields,
      wires.b3.write(traceId, spanId, 'debug'),
      [['b3', 'd']],
      [['jaeger-debug-id', 'please']]
    ] as const) {
      await ask(t, port, { from, fields: forced })
      t.match(wires.b3.read(origin.last()), { wish: 'drop' }, `${from}: ${forced.join()}`)
      t.equal(valueIn(origin.last(), 'jaeger-debug-id'), undefined)
    }
  }
  await ask(t, port, { from: believed, fields })
  t.match(wires.b3.read(origin.last()), { wish: 'keep' })
})

t.test('a header that names another address changes nobody’s standing', async t => {
  const { port, origin } = await world(t)
  const claims: readonly Field[] = [
    ['X-Forwarded-For', believed],
    ['Forwarded', `for=${believed}`],
    ['X-Real-IP', believed],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Prefix', '/admin'],
    ['X-Forwarded-Host', 'bank.example']
  ]
  await ask(t, port, { from: stranger, fields: [...fields, ...claims] })
  t.not(wires.w3c.read(origin.last())?.traceId, traceId)
  t.equal(valueIn(origin.last(), 'x-forwarded-for'), stranger)
  t.equal(valueIn(origin.last(), 'x-forwarded-proto'), 'http')
  t.equal(valueIn(origin.last(), 'x-forwarded-host'), 'shop.example')
  for (const name of ['forwarded', 'x-real-ip', 'x-forwarded-prefix'])
    t.equal(valueIn(origin.last(), name), undefined, name)

  await ask(t, port, { from: believed, fields: [['X-Forwarded-For', '192.0.2.7'], ...claims.slice(3)] })
  t.equal(valueIn(origin.last(), 'x-forwarded-for'), `192.0.2.7, ${believed}`, 'a believed one is added to')
  t.equal(valueIn(origin.last(), 'x-forwarded-proto'), 'https')
  t.equal(valueIn(origin.last(), 'x-forwarded-host'), 'bank.example')
})
