// rules/gray-release.yaml as it is: one request in ten reaches the new version, testers always do, and each is counted
// under its tags.
import t from 'tap'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { runFile } from '../ready-made.ts'
import { until } from '../until.ts'

t.test('traffic is split by weight, and counted by version', async t => {
  const base = await startOrigin(t)
  const gray = await startOrigin(t, () => 'HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')
  const { port, adminUrl } = await runFile(t, 'rules/gray-release.yaml', {
    ORDERS_URL: base.url,
    ORDERS_GRAY_URL: gray.url
  })
  for (let i = 0; i < 20; i++) await ask(t, port, { path: `/orders/${i}` })
  t.same([base.requests.length, gray.requests.length], [18, 2])
  const report = async () => JSON.parse(await (await fetch(`${adminUrl}/api/latency`)).text())
  const counted = async () => {
    const { series } = await report()
    return series.reduce((sum: number, { count }: { count: number }) => sum + count, 0)
  }
  await until(async () => (await counted()) === 20, 'all are counted')
  const { instance, series } = await report()
  t.equal(instance, 'here')
  t.match(
    series.toSorted((a: { count: number }, b: { count: number }) => b.count - a.count),
    [
      { route: 'orders.get', tags: { 'service.tag': 'base', version: '1.8' }, count: 18, errors: 0 },
      { route: 'orders.get', tags: { 'service.tag': 'gray', version: '1.9' }, count: 2, errors: 2 }
    ]
  )
})

t.test(
  'testers and what is gray already reach gray, which is told behind; users stay where they are',
  async t => {
    const base = await startOrigin(t)
    const gray = await startOrigin(t)
    const { port } = await runFile(t, 'rules/gray-release.yaml', {
      ORDERS_URL: base.url,
      ORDERS_GRAY_URL: gray.url
    })
    const meant = [
      ['X-Gray', '1'],
      ['baggage', 'service.tag=gray']
    ] as const
    for (const field of meant) {
      await ask(t, port, { fields: [field] })
      t.equal(valueIn(gray.last(), 'baggage'), 'service.tag=gray')
    }
    t.equal(base.requests.length, 0)
    for (let i = 0; i < 30; i++) await ask(t, port, { fields: [['Cookie', 'user=alice']] })
    t.ok(base.requests.length === 30 || gray.requests.length === 32, 'always on one side')
  }
)
