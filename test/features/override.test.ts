// PUT /sampling: another rate for a while, at once and without a file; it ends by itself.
import t, { type Test } from 'tap'
import { ask as askAdmin } from '../admin/alone.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

async function world(t: Test) {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
sampling: { rate: 0%, rules: [{ match: { path: /pay/** }, rate: 0% }] }
export: [{ console: {} }]
emit: [w3c]
upstreams: { origin: { targets: [{ url: "${origin.url}", tags: { service.tag: gray } }] } }
routes:
  - { name: pay, match: { path: /pay/** }, upstream: origin }
  - { name: rest, match: { path: /** }, upstream: origin }
`
  )
  const wish = async (path: string, said: 'defer' | 'drop' = 'defer') => {
    await ask(t, gateway.port, { path, fields: wires.b3.write(traceId, spanId, said) })
    return wires.w3c.read(origin.last())?.wish
  }
  const put = async (body: unknown) => {
    const { status, text } = await askAdmin(`${gateway.adminUrl}/sampling`, 'PUT', {}, JSON.stringify(body))
    return { status, answer: JSON.parse(text) }
  }
  return { ...gateway, origin, wish, put }
}

t.test('it goes before every rule, survives a reload, and is seen wherever rates are', async t => {
  const { wish, put, app, adminUrl, origin } = await world(t)
  t.equal(await wish('/pay/1'), 'drop')
  const { status, answer } = await put({ match: { route: 'pay' }, rate: '50%', for: '10m' })
  t.equal(status, 200)
  t.match(answer, {
    id: '1',
    overrides: [{ id: '1', match: { route: 'pay' }, rate: '50%', for: '10m', remaining: /^(10m|59\ds)$/ }],
    rates: [
      { route: 'pay', rate: '50%' },
      { route: 'rest', rate: '0%' }
    ]
  })
  t.equal(await wish('/pay/1'), 'keep')
  t.equal(valueIn(origin.last(), 'tracestate'), 'ot=th:8')
  t.equal(await wish('/rest'), 'drop')
  await app.reload()
  t.equal(await wish('/pay/1'), 'keep')
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate', { route: 'pay' }), 0.5)
  t.match(JSON.parse((await askAdmin(`${adminUrl}/config`)).text), {
    sampling: {
      'in-force': { overrides: [{ id: '1', rate: '50%' }], rates: [{ route: 'pay', rate: '50%' }] }
    }
  })
  const body = JSON.stringify({ path: '/pay/1', headers: { b3: `${traceId}-${spanId}` } })
  t.match(JSON.parse((await askAdmin(`${adminUrl}/translate`, 'POST', {}, body)).text), {
    decision: { sampled: true, why: 'ratio' }
  })
})

t.test('it returns by itself', async t => {
  const { wish, put, adminUrl } = await world(t)
  // Not over before it is asked for, where the machine stands still meanwhile.
  await put({ rate: 1, for: '2s' })
  t.equal(await wish('/a'), 'keep')
  await until(async () => (await wish('/a')) === 'drop', 'the time is over')
  t.match(JSON.parse((await askAdmin(`${adminUrl}/sampling`)).text), { overrides: [] })
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate', { route: 'rest' }), 0)
})

t.test(
  'what it matches is what rules match, and a wish of a caller stands unless it says parent',
  async t => {
    const { wish, put } = await world(t)
    await put({
      match: { path: '/a', method: ['GET'], tag: { 'service.tag': 'gray' } },
      rate: '100%',
      for: '1h'
    })
    t.equal(await wish('/a'), 'keep')
    t.equal(await wish('/b'), 'drop')
    t.equal(await wish('/a', 'drop'), 'drop')
    await put({ match: { path: '/a' }, rate: '100%', parent: 'ignore', for: '1h' })
    t.equal(await wish('/a', 'drop'), 'keep')
  }
)

t.test('they are ended one by one, or all', async t => {
  const { wish, put, adminUrl } = await world(t)
  const { answer } = await put({ match: { path: '/a' }, rate: '100%', for: '1h' })
  await put({ match: { path: '/b' }, rate: '100%', for: '1h' })
  await put({ match: { path: '/c' }, rate: '100%', for: '1h' })
  const end = (query: string) => askAdmin(`${adminUrl}/sampling${query}`, 'DELETE')
  const ended = await end(`?id=${answer.id}`)
  t.equal(JSON.parse(ended.text).overrides.length, 2)
  t.equal(await wish('/a'), 'drop')
  t.equal(await wish('/b'), 'keep')
  t.equal((await end(`?id=${answer.id}`)).status, 404)
  t.match(JSON.parse((await end('')).text), { overrides: [] })
  t.equal(await wish('/b'), 'drop')
  t.equal((await end('')).status, 200, 'and once more does no harm')
})
