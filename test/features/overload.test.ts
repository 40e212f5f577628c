// Too much to do: the gateway lets go of connections, spans and requests, in that order, and takes them up again by itself.
import t from 'tap'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

/** So little memory that any process has too much, or nobody who looks. */
const rulesOf = (url: string, overload: string, more = '') => `
overload: ${overload}
${more}
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`

t.test('beyond all levels requests are a 503, health is not, and it ends by itself', async t => {
  const origin = await startOrigin(t)
  const enough = rulesOf(origin.url, '{ memory: 1000GiB }')
  const { app, port, adminUrl, rewrite, log } = await run(t, enough)
  const level = () => metric(adminUrl, 'tracebridge_overload_level')
  const before = await connectRaw(t, port)
  rewrite(rulesOf(origin.url, '{ memory: 1KiB }'))
  await app.reload()
  await until(async () => (await level()) === 3, 'it notices')

  before.send(requestOf({}))
  const answer = await before.answer()
  t.equal(statusOf(answer), 503)
  t.match(answer.head, /^retry-after: 1\r$/im)
  t.match(answer.head, /^connection: close\r$/im)
  t.equal(JSON.parse(answer.body.toString()).error, 'OVERLOADED')
  t.equal(origin.requests.length, 0)
  t.equal((await fetch(`${adminUrl}/readyz`)).status, 200)
  t.ok((await metric(adminUrl, 'tracebridge_overload_share', { resource: 'memory' })) > 1)

  rewrite(enough)
  await app.reload()
  await until(async () => (await level()) === 0, 'there is enough again')
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(log.filter(line => line.includes('too much to do')).length, 2, 'each change is said once')
})

t.test('spans are let go, and accounted for', async t => {
  const origin = await startOrigin(t)
  const exporter = 'export: [{ otlp: { url: "http://127.0.0.1:9/v1/traces" } }]'
  const { app, port, adminUrl, rewrite } = await run(t, rulesOf(origin.url, '{ memory: 1000GiB }', exporter))
  t.equal(statusOf(await ask(t, port)), 200, 'there is enough yet')
  rewrite(rulesOf(origin.url, '{ memory: 1KiB }', exporter))
  await app.reload()
  await until(async () => (await metric(adminUrl, 'tracebridge_overload_level')) === 3, 'it notices')
  await ask(t, port)
  const spans = (labels: Readonly<Record<string, string>>) =>
    metric(adminUrl, 'tracebridge_spans_total', labels)
  const recorded = await metric(adminUrl, 'tracebridge_spans_recorded_total')
  const dropped = await spans({ outcome: 'dropped', reason: 'overload' })
  t.ok(dropped > 0)
  t.equal(recorded, dropped + (await metric(adminUrl, 'tracebridge_spans_queued')))
})
