// With no back end for its spans the gateway stays out of traces: the dialect changes, the ids do not.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { arriving, type Wire, wireNames, wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

async function behind(t: Test, rules = '') {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
emit: [${wireNames.join(', ')}]
respond: [traceresponse]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
${rules}
`
  )
  return { ...gateway, origin }
}

t.test('the caller’s own ids and wish go on, in every dialect', async t => {
  const { port, origin } = await behind(t, 'sampling: { rate: 0% }')
  for (const from of wireNames) {
    for (const wish of wires[from].wishes) {
      await ask(t, port, { fields: wires[from].write(traceId, spanId, wish) })
      for (const to of wireNames) {
        const wire: Wire = wires[to]
        // A wire that cannot leave it open is told what the gateway would say: at 0 % no.
        const expected = { traceId, spanId, parentId: undefined, wish: arriving(wish, wire) }
        t.strictSame(wire.read(origin.last()), expected, `${wish} from ${from} to ${to}`)
      }
    }
  }
})

t.test('an open decision stays open, though the gateway would keep', async t => {
  const { port, origin } = await behind(t, 'sampling: { rate: 100% }')
  await ask(t, port, { fields: wires.b3.write(traceId, spanId, 'defer') })
  t.match(wires.b3.read(origin.last()), { wish: 'defer' })
  t.match(wires.b3multi.read(origin.last()), { wish: 'defer' })
  t.match(wires.w3c.read(origin.last()), { wish: 'keep' }, 'which w3c cannot say')
})

t.test('the caller’s parent goes on where the wire has a place for it', async t => {
  const { port, origin } = await behind(t)
  await ask(t, port, { fields: [['b3', `${traceId}-${spanId}-1-05e3ac9a4f6e3b90`]] })
  for (const name of ['b3', 'b3multi', 'jaeger'] as const)
    t.match(wires[name].read(origin.last()), { spanId, parentId: '05e3ac9a4f6e3b90' }, name)
})

t.test('tracestate goes on as it was, whatever the gateway’s own rate', async t => {
  const { port, origin } = await behind(t, 'sampling: { rate: 30%, parent: ignore }')
  await ask(t, port, {
    fields: [
      ['traceparent', `00-${traceId}-${spanId}-03`],
      ['tracestate', 'a=1,ot=th:c;rv:00000000000000'],
      ['tracestate', 'b=2']
    ]
  })
  t.equal(valueIn(origin.last(), 'traceparent'), `00-${traceId}-${spanId}-03`, 'flags and all')
  t.equal(valueIn(origin.last(), 'tracestate'), 'a=1,ot=th:c;rv:00000000000000,b=2')
})

t.test('nobody is told of a span that nobody will find', async t => {
  const { port } = await behind(t)
  const answer = await ask(t, port, { fields: wires.w3c.write(traceId, spanId, 'keep') })
  t.equal(valueIn(answer, 'traceresponse'), undefined)
})

t.test('a route may stay out of traces while others report', async t => {
  const origin = await startOrigin(t)
  const { port, printed } = await run(
    t,
    `
export: [{ console: {} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /quiet }, upstream: origin, spans: none }
  - { match: { path: /told }, upstream: origin }
`
  )
  const fields = wires.w3c.write(traceId, spanId, 'keep')
  await ask(t, port, { path: '/quiet', fields })
  t.match(wires.w3c.read(origin.last()), { traceId, spanId })
  await ask(t, port, { path: '/told', fields })
  t.match(wires.w3c.read(origin.last()), { traceId })
  t.not(wires.w3c.read(origin.last())?.spanId, spanId)
  t.notMatch(printed.join(''), '/quiet')
})

t.test('what stays in its dialect keeps its bytes', async t => {
  const { port, origin } = await behind(t)
  for (const fields of [
    [['traceparent', `cc-${traceId}-${spanId}-ff-what-is-yet-to-come`]],
    [
      ['traceparent', `00-${traceId}-${spanId}-09`],
      ['tracestate', 'a=1 ,\t b=2,,c=3']
    ],
    [
      ['traceparent', `00-${traceId}-${spanId}-01`],
      ['tracestate', Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')]
    ],
    [['uber-trace-id', '0AbC:1:0:1']]
  ] as const) {
    await ask(t, port, { fields })
    for (const [name, value] of fields) t.equal(valueIn(origin.last(), name), value)
  }
})

t.test('garbage in baggage is left out, and counted', async t => {
  const { port, origin, adminUrl } = await behind(t)
  await ask(t, port, {
    fields: [
      ['traceparent', `00-${traceId}-${spanId}-01`],
      ['baggage', 'a b c=;;,"x"=1,ok=1']
    ]
  })
  t.equal(valueIn(origin.last(), 'baggage'), 'ok=1')
  t.equal(await metric(adminUrl, 'tracebridge_malformed_total', { dialect: 'w3c', reason: 'baggage' }), 1)
})

t.test('a caller that two agents watch keeps both traces', async t => {
  const origin = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
emit: [w3c, sw8]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const fields = [
    ['traceparent', `00-${traceId}-${spanId}-01`],
    ['sw8', '1-My40LjU=-MS4yLjM=-4-c2VydmljZQ==-aW5zdGFuY2U=-L2FwcA==-MTI3LjAuMC4xOjgwODA=']
  ] as const
  await ask(t, port, { fields })
  for (const [name, value] of fields) t.equal(valueIn(origin.last(), name), value)
  t.equal(await metric(adminUrl, 'tracebridge_conflicts_total', {}), 1)
})

t.test('a Root that a load balancer began goes on without a parent', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
emit: [xray]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const root = `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
  await ask(t, port, { fields: [['X-Amzn-Trace-Id', root]] })
  t.equal(valueIn(origin.last(), 'x-amzn-trace-id'), root)
})
