// What a route that takes any path is called, and the traces that stand as examples in its numbers.
import t, { type Test } from 'tap'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'

const duration = 'http_server_request_duration_seconds_count'

const notFound = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

function startShop(t: Test): Promise<Origin> {
  return startOrigin(t, ({ start }) => (start.includes('/orders') ? ok : notFound))
}

async function behind(t: Test, routes: string) {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await startShop(t)
  const gateway = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { shop: { targets: [{ url: "${origin.url}" }] } }
routes: ${routes}
`
  )
  const call = async (path: string) => (await fetch(`${gateway.url}${path}`)).arrayBuffer()
  return { receiver, gateway, call }
}

t.test('a route that takes any path names what its paths have in common', async t => {
  const { receiver, gateway, call } = await behind(t, '[{ match: { path: /** }, upstream: shop }]')
  for (const id of ['7', '1729', '4bf92f3577b34da6a3ce929d0e0e4736']) await call(`/orders/${id}`)
  await call('/wp-login.php')
  t.equal(await metric(gateway.adminUrl, duration, { route: '/orders/{id}', status: '200' }), 3)
  t.equal(await metric(gateway.adminUrl, duration, { route: '/**', status: '404' }), 1)
  const spans = (await receiver.received(8)).filter(({ kind }) => kind === 2)
  t.strictSame(spans.map(({ name, attributes }) => [name, attributes.get('http.route')]).sort(), [
    ['GET /**', '/**'],
    ['GET /orders/{id}', '/orders/{id}'],
    ['GET /orders/{id}', '/orders/{id}'],
    ['GET /orders/{id}', '/orders/{id}']
  ])
})

t.test('a name of its own, or converge: false, keeps it one', async t => {
  const { gateway, call } = await behind(
    t,
    `
  - { match: { path: /** }, upstream: shop, name: shop.api }
  - { match: { path: /orders/** }, upstream: shop, converge: false }`
  )
  await call('/orders/7')
  await call('/elsewhere/7')
  t.equal(await metric(gateway.adminUrl, duration, { route: '/orders/**' }), 1)
  t.equal(await metric(gateway.adminUrl, duration, { route: 'shop.api' }), 1)
})

t.test(
  'a scraper of OpenMetrics is pointed at a trace that was kept, and at none that was dropped',
  async t => {
    const { receiver, gateway, call } = await behind(t, '[{ match: { path: /** }, upstream: shop }]')
    const dropped = '0af7651916cd43dd8448eb211c80319c'
    await fetch(`${gateway.url}/orders/1`, { headers: { traceparent: `00-${dropped}-b7ad6b7169203331-00` } })
    await call('/orders/2')
    const [span] = (await receiver.received(2)).filter(({ kind }) => kind === 2)
    const scrape = async (accept: string) =>
      (await fetch(`${gateway.adminUrl}/metrics`, { headers: { accept } })).text()
    const open = await scrape('application/openmetrics-text; version=1.0.0')
    const example = `# {trace_id="${span?.traceId}",span_id="${span?.spanId}"} `
    t.ok(
      open
        .split('\n')
        .some(
          line => line.startsWith('http_server_request_duration_seconds_bucket') && line.includes(example)
        ),
      'with its trace and span'
    )
    t.notMatch(open, dropped)
    t.notMatch(await scrape('text/plain'), '# {trace_id', 'the older format has no room for it')
  }
)
