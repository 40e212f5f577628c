// Which proxies in front are believed, who the client is then, and what fields with underscores come to.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

async function behind(t: Test, rules: string): Promise<Running & { readonly origin: Origin }> {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
export: [{ console: {} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
${rules}
`
  )
  return { ...gateway, origin }
}

async function clientOf(gateway: Running, path: string): Promise<string | undefined> {
  const line = () =>
    gateway.printed
      .join('')
      .split('\n')
      .find(each => each.includes(path) && each.includes('client.address'))
  await until(() => line() !== undefined, 'a span of it')
  return /client\.address[=":]+([0-9a-f.:]+)/.exec(line() ?? '')?.[1]
}

t.test('behind proxies that are named, the client is the last address that is none of them', async t => {
  const gateway = await behind(t, 'proxies: [127.0.0.2, 10.0.0.0/8]')
  const forwarded = [['X-Forwarded-For', '203.0.113.9, 192.0.2.1, 10.1.2.3']] as const
  await ask(t, gateway.port, { path: '/by-proxy', fields: forwarded, from: '127.0.0.2' })
  t.equal(valueIn(gateway.origin.last(), 'x-forwarded-for'), '203.0.113.9, 192.0.2.1, 10.1.2.3, 127.0.0.2')
  t.equal(await clientOf(gateway, '/by-proxy'), '192.0.2.1')

  await ask(t, gateway.port, { path: '/by-hand', fields: forwarded, from: '127.0.0.3' })
  t.equal(valueIn(gateway.origin.last(), 'x-forwarded-for'), '127.0.0.3')
  t.equal(await clientOf(gateway, '/by-hand'), '127.0.0.3')
})

t.test('trust goes on judging the socket, not what a field says of the client', async t => {
  const { port, origin } = await behind(
    t,
    'proxies: [127.0.0.2]\ntrust: [{ from: 127.0.0.2, context: restart }, { from: 192.0.2.1, context: continue }]'
  )
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  await ask(t, port, {
    fields: [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Forwarded-Proto', 'https'],
      ['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]
    ],
    from: '127.0.0.2'
  })
  t.notMatch(valueIn(origin.last(), 'traceparent'), traceId)
  t.equal(valueIn(origin.last(), 'x-forwarded-proto'), 'https', 'the two are judged apart')
})

t.test('nobody is believed where the list is empty', async t => {
  const { port, origin } = await behind(t, 'proxies: []')
  await ask(t, port, { fields: [['X-Forwarded-Proto', 'https']] })
  t.equal(valueIn(origin.last(), 'x-forwarded-proto'), 'http')
})

t.test('without a list trust decides, and the client is who connected', async t => {
  const gateway = await behind(t, '')
  await ask(t, gateway.port, { path: '/x', fields: [['X-Forwarded-For', '192.0.2.1']] })
  t.equal(valueIn(gateway.origin.last(), 'x-forwarded-for'), '192.0.2.1, 127.0.0.1')
  t.equal(await clientOf(gateway, '/x'), '127.0.0.1')
})

t.test('names with underscores are dropped, refused or passed as the rules say', async t => {
  const fields = [
    ['My_Own', '1'],
    ['X_Forwarded_For', '192.0.2.1'],
    ['Trace_Parent', '2']
  ] as const
  for (const [mode, arrive] of [
    ['drop', ['My_Own', 'Trace_Parent']],
    ['drop-all', []],
    ['allow', ['My_Own', 'X_Forwarded_For', 'Trace_Parent']]
  ] as const) {
    const { port, origin } = await behind(t, `underscores: ${mode}`)
    t.equal(statusOf(await ask(t, port, { fields })), 200)
    t.strictSame(
      origin
        .last()
        .fields.map(([name]) => name)
        .filter(name => name.includes('_')),
      arrive,
      mode
    )
  }
  const { port, origin } = await behind(t, 'underscores: reject')
  const refused = await ask(t, port, { fields })
  t.equal(statusOf(refused), 400)
  t.match(refused.body.toString(), /AMBIGUOUS_REQUEST/)
  t.equal(origin.requests.length, 0)
})

t.test('Via has the name of the service, as a token', async t => {
  const { port, origin } = await behind(t, 'service: { name: "shop gateway (edge), 日本" }')
  await ask(t, port)
  t.equal(valueIn(origin.last(), 'via'), '1.1 shop-gateway--edge-----')
})
