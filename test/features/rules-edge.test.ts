// rules/edge.yaml as it is: strangers outside begin traces of their own, services inside read three dialects.
import t, { type Test } from 'tap'
import { type Message, valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { type ReadyMade, runFile } from '../ready-made.ts'
import { startReceiver } from '../receiver.ts'
import { sw8In } from '../sw8-wire.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const inside = '127.0.1.1'
const browser = '127.0.9.9'
const sampled = wires.w3c.write(traceId, spanId, 'keep')

type World = ReadyMade & {
  readonly services: Readonly<Record<'orders' | 'catalogue' | 'stock' | 'pages', Origin>>
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>
}

async function world(t: Test, rate = '100%'): Promise<World> {
  const services = {
    orders: await startOrigin(t),
    catalogue: await startOrigin(t),
    stock: await startOrigin(t),
    pages: await startOrigin(t)
  }
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await runFile(t, 'rules/edge.yaml', {
    ALSO_INSIDE: `${inside}/32`,
    RATE: rate,
    OTLP_URL: receiver.url,
    ORDERS_URL: services.orders.url,
    ORDERS_NEXT_URL: services.orders.url,
    CATALOGUE_URL: services.catalogue.url,
    STOCK_URL: services.stock.url,
    PAGES_URL: services.pages.url
  })
  return { ...gateway, services, receiver }
}

function foreign(message: Message): readonly string[] {
  return ['traceparent', 'b3', 'x-b3-traceid', 'sw8', 'baggage', 'sw8-correlation'].filter(
    field => valueIn(message, field) !== undefined
  )
}

t.test('each service gets the dialect that it reads, and no other', async t => {
  const { port, services } = await world(t)
  for (const path of ['/orders/7', '/catalogue/', '/stock/7', '/']) {
    await ask(t, port, { path, from: inside, fields: sampled })
  }
  t.match(wires.w3c.read(services.orders.last()), { traceId, wish: 'keep' })
  t.same(foreign(services.orders.last()), ['traceparent'])
  t.match(wires.b3.read(services.catalogue.last()), { traceId, wish: 'keep' })
  t.same(foreign(services.catalogue.last()), ['b3'])
  t.match(sw8In(services.stock.last()), {
    trace: traceId,
    span: '1',
    service: 'shop-gateway',
    instance: 'here',
    peer: `127.0.0.1:${services.stock.port}`
  })
  t.same(foreign(services.stock.last()), ['sw8'])
  t.match(wires.w3c.read(services.pages.last()), { traceId })
})

t.test('a browser cannot choose its trace, nor have it kept, nor put baggage in', async t => {
  const { port, services, receiver } = await world(t)
  const origin = ['Origin', 'https://shop.example.com'] as const
  const answer = await ask(t, port, {
    path: '/orders/7',
    from: browser,
    fields: [...sampled, ['baggage', 'tenant=mine'], ['tracestate', 'a=b'], origin]
  })
  const said = wires.w3c.read(services.orders.last())
  t.not(said?.traceId, traceId)
  t.notMatch(valueIn(services.orders.last(), 'tracestate') ?? '', 'a=b')
  t.equal(valueIn(services.orders.last(), 'baggage'), undefined)
  const server = (await receiver.received(2)).find(span => span.kind === 2)
  t.match(server?.links, [{ traceId, spanId }], 'what it said is linked')
  t.match(valueIn(answer, 'traceresponse'), said?.traceId ?? 'none', 'and the page learns its trace id')
})

t.test('a browser’s wish does not count, whatever the dialect', async t => {
  const { port, services } = await world(t, '0%')
  for (const wire of [wires.w3c, wires.b3, wires.b3multi]) {
    await ask(t, port, { path: '/orders/7', from: browser, fields: wire.write(traceId, spanId, 'keep') })
    t.match(wires.w3c.read(services.orders.last()), { wish: 'drop' })
  }
  await ask(t, port, { path: '/stock/7', from: browser, fields: sampled })
  t.same(foreign(services.stock.last()), [], 'sw8 has no way to say that a trace is not kept')
})

t.test('baggage from inside goes on, by the list of keys', async t => {
  const { port, services } = await world(t)
  const fields = [...sampled, ['baggage', 'tenant=acme,secret=1'] as const]
  await ask(t, port, { path: '/orders/7', from: inside, fields })
  t.equal(valueIn(services.orders.last(), 'baggage'), 'tenant=acme')
  await ask(t, port, { path: '/stock/7', from: inside, fields })
  const [key, value] = (valueIn(services.stock.last(), 'sw8-correlation') ?? '').split(':')
  t.equal(Buffer.from(key ?? '', 'base64').toString(), 'tenant')
  t.equal(Buffer.from(value ?? '', 'base64').toString(), 'acme')
})

t.test('pages of the shop may send what services read, others may not', async t => {
  const { port } = await world(t)
  const preflight = (origin: string) =>
    ask(t, port, {
      method: 'OPTIONS',
      path: '/orders/7',
      from: browser,
      fields: [
        ['Origin', origin],
        ['Access-Control-Request-Method', 'GET'],
        ['Access-Control-Request-Headers', 'traceparent,sw8']
      ]
    })
  const allowed =
    valueIn(await preflight('https://www.shop.example.com'), 'access-control-allow-headers') ?? ''
  for (const field of ['traceparent', 'sw8']) t.match(allowed.toLowerCase(), field)
  t.equal(valueIn(await preflight('https://evil.example'), 'access-control-allow-origin'), undefined)
})
