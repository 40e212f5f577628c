// "Who still depends on the old dialect, and since when does nobody?", asked of a running gateway.
import t from 'tap'
import type { Migration } from '../../src/report/migration.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const inW3c = ['traceparent', `00-${traceId}-${spanId}-01`] as const
const inB3 = ['b3', `${traceId}-${spanId}-1`] as const

t.test('the report tells who still sends what, alone and together', async t => {
  const origin = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
accept: [w3c, b3, jaeger]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ name: all, match: { path: /** }, upstream: origin }]
`
  )
  const report = async (query = ''): Promise<Migration> =>
    JSON.parse(await (await fetch(`${adminUrl}/api/propagation${query}`)).text())
  await ask(t, port, { fields: [inW3c, ['User-Agent', 'okhttp/4.12']] })
  await ask(t, port, { fields: [inW3c, inB3, ['User-Agent', 'okhttp/4.12']] })
  await ask(t, port, { fields: [inB3, ['User-Agent', 'old-app/1.0']] })
  await ask(t, port, {
    fields: [
      ['uber-trace-id', '%%%'],
      ['User-Agent', 'old-app/1.0']
    ]
  })
  let seen = await report()
  // Counted when an answer is over on both sides.
  for (let i = 0; i < 100 && seen.requests < 4; i++) seen = await report()
  t.match(seen, {
    requests: 4,
    routes: [{ route: 'all', requests: 4 }],
    clients: [
      { agent: 'okhttp', from: 'loopback', dialects: ['w3c'], needed: { w3c: 1 } },
      { agent: 'okhttp', dialects: ['w3c', 'b3'], needed: {} },
      { agent: 'old-app', dialects: ['b3'], needed: { b3: 1 } },
      { agent: 'old-app', dialects: [], malformed: { 'jaeger: field-count': 1 } }
    ]
  })
  const asked = await report('?unneeded=7d')
  t.match(asked.unneeded, { for: '7d' })
  t.match(asked.unneeded?.routes, [
    { route: 'all', dialect: 'w3c', safeToStopAccepting: 'no' },
    { dialect: 'b3', safeToStopAccepting: 'no' },
    { dialect: 'jaeger', safeToStopAccepting: 'unknown' }
  ])
  t.equal((await fetch(`${adminUrl}/api/propagation?unneeded=soon`)).status, 400)
  t.equal(await metric(adminUrl, 'tracebridge_propagation_total', { agent: 'old-app', dialects: 'b3' }), 1)
  t.equal(await metric(adminUrl, 'tracebridge_dialect_needed_total', { route: 'all', dialect: 'b3' }), 1)
})

t.test('a dialect that a reload brings is watched from then on, the others go on', async t => {
  const rules = (accept: string) => `
accept: [${accept}]
upstreams: { echo: { echo: true } }
routes: [{ name: all, match: { path: /** }, upstream: echo }]
`
  const { app, adminUrl, rewrite } = await run(t, rules('w3c'))
  const whys = async (): Promise<ReadonlyMap<string, string>> => {
    const report: Migration = JSON.parse(
      await (await fetch(`${adminUrl}/api/propagation?unneeded=1m`)).text()
    )
    return new Map(report.unneeded?.routes.map(({ dialect, why }) => [dialect, why]))
  }
  const first = (await whys()).get('w3c')
  t.match(first, /^this process has seen this route accept it only since 20/)
  await until(() => !first?.includes(new Date().toISOString()), 'the clock goes on')
  rewrite(rules('w3c, b3'))
  await app.reload()
  const then = await whys()
  t.equal(then.get('w3c'), first)
  t.match(then.get('b3'), /only since 20/)
  t.not(then.get('b3'), first)
  t.equal((await fetch(`${adminUrl}/api/propagation?unneeded=0m`)).status, 400)
})
