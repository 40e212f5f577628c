// rules/skywalking-migration.yaml as it is: two kinds of agents, both dialects out, both back ends fed.
import t, { type Test } from 'tap'
import { skywalkingSpanId } from '../../src/trace/identity.ts'
import { valueIn } from '../message.ts'
import { startOap } from '../oap.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { runFile } from '../ready-made.ts'
import { startReceiver } from '../receiver.ts'
import { sw8Field, sw8In } from '../sw8-wire.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
/** As SkyWalking's Java agent makes them. */
const swTrace = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880001'
const swSegment = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880000'

async function world(t: Test) {
  const orders = await startOrigin(t)
  const stock = await startOrigin(t)
  const [modern, skywalking] = [await startReceiver(), await startOap(t)]
  t.teardown(modern.close)
  const gateway = await runFile(t, 'rules/skywalking-migration.yaml', {
    OTLP_URL: modern.url,
    SKYWALKING_URL: skywalking.url,
    ORDERS_URL: orders.url,
    STOCK_URL: stock.url
  })
  return { ...gateway, orders, stock, modern, skywalking }
}

t.test('a SkyWalking agent’s trace goes on under its own id, and in W3C under a form of it', async t => {
  const { port, orders } = await world(t)
  await ask(t, port, { path: '/orders/7', fields: [sw8Field(swTrace, swSegment)] })
  t.match(sw8In(orders.last()), { trace: swTrace, service: 'gateway', span: '1' })
  t.match(wires.w3c.read(orders.last()), { traceId: /^[0-9a-f]{32}$/, wish: 'keep' })
})

t.test('an OpenTelemetry caller’s trace is the same for both kinds of agents', async t => {
  const { port, orders } = await world(t)
  await ask(t, port, { path: '/orders/7', fields: wires.w3c.write(traceId, spanId, 'keep') })
  t.match(wires.w3c.read(orders.last()), { traceId, wish: 'keep' })
  t.match(sw8In(orders.last()), { trace: traceId })
})

t.test('through W3C alone and back, a SkyWalking trace has its own id again', async t => {
  const { port, orders, stock } = await world(t)
  await ask(t, port, { path: '/stock/7', fields: [sw8Field(swTrace, swSegment)] })
  t.equal(valueIn(stock.last(), 'sw8'), undefined, 'what has moved gets one dialect')
  const passed = stock.last().fields.filter(([name]) => /^trace(parent|state)$/i.test(name))
  await ask(t, port, { path: '/orders/7', fields: passed })
  t.match(sw8In(orders.last()), { trace: swTrace })
})

t.test('both back ends get the same spans, each in its own words', async t => {
  const { port, modern, skywalking, orders } = await world(t)
  await ask(t, port, { path: '/orders/7', fields: [sw8Field(swTrace, swSegment)] })
  const spans = await modern.received(2)
  const [segment] = await skywalking.received(1)
  const { traceId = '', traceSegmentId = '', spans: own = [] } = segment ?? {}
  t.equal(traceId, swTrace)
  t.same(
    own.map(({ spanId }) => skywalkingSpanId(traceSegmentId, spanId)).sort(),
    spans.map(({ spanId }) => spanId).sort(),
    'and under the ids by which the OpenTelemetry Collector knows segments'
  )
  t.match(sw8In(orders.last()), { segment: traceSegmentId, span: '1' }, 'what sw8 names is there')
  t.match(own[0]?.refs, [{ traceId: swTrace, parentTraceSegmentId: swSegment }], 'and what it came from')
})

t.test(
  'a caller with both agents is in two traces: the first dialect is followed, the other linked',
  async t => {
    const { port, orders, modern } = await world(t)
    const fields = [sw8Field(swTrace, swSegment), ...wires.w3c.write(traceId, spanId, 'keep')]
    await ask(t, port, { path: '/orders/7', fields })
    t.match(wires.w3c.read(orders.last()), { traceId })
    t.match(sw8In(orders.last()), { trace: traceId })
    const server = (await modern.received(2)).find(span => span.kind === 2)
    t.equal(server?.links.length, 1)
  }
)

t.test('baggage crosses over, both ways', async t => {
  const { port, orders } = await world(t)
  await ask(t, port, {
    path: '/orders/7',
    fields: [...wires.w3c.write(traceId, spanId, 'keep'), ['baggage', 'tenant=acme']]
  })
  t.equal(valueIn(orders.last(), 'sw8-correlation'), 'dGVuYW50:YWNtZQ==')
  t.equal(valueIn(orders.last(), 'baggage'), 'tenant=acme')
  await ask(t, port, {
    path: '/orders/7',
    fields: [sw8Field(swTrace, swSegment), ['sw8-correlation', 'dGVuYW50:YWNtZQ==']]
  })
  t.equal(valueIn(orders.last(), 'baggage'), 'tenant=acme')
})
