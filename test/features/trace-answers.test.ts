// "We hand the service a trace. Does it go on with it, or begin its own?", heard from its answers.
import t, { type Test } from 'tap'
import type { Migration } from '../../src/report/migration.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const answering = 'b7ad6b7169203331'
const same = `00-${traceId}-${answering}-01`
const other = `00-${'c'.repeat(32)}-${answering}-01`
const inW3c = ['traceparent', `00-${traceId}-${spanId}-01`] as const

/** What the origin adds to its answer is what the request asks for in `x-say`. */
async function started(t: Test, more: string) {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await startOrigin(t, request => {
    const said = (valueIn(request, 'x-say') ?? '').split('|').filter(line => line !== '')
    return `HTTP/1.1 200 OK\r\n${said.map(line => `${line}\r\n`).join('')}Content-Length: 0\r\n\r\n`
  })
  const running = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { orders: { targets: [{ url: "${origin.url}" }] } }
${more}
`
  )
  const say = (fields: string, path = '/') =>
    ask(t, running.port, { path, fields: [inW3c, ['x-say', fields]] })
  const counted = (outcome: string) =>
    metric(running.adminUrl, 'tracebridge_trace_answers_total', { upstream: 'orders', outcome })
  const report = async (): Promise<Migration> =>
    JSON.parse(await (await fetch(`${running.adminUrl}/api/propagation`)).text())
  return { ...running, receiver, say, counted, report }
}

const oneRoute = 'routes: [{ name: all, match: { path: /** }, upstream: orders }]'

t.test('answers are counted by what they say of the trace that went out', async t => {
  const { say, counted, report } = await started(t, oneRoute)
  const lines = [
    `traceresponse: ${same}`,
    `Server-Timing: db;dur=2|Server-Timing: traceparent;desc="${same}"`,
    `Server-Timing: trace;desc=${other}`,
    'traceresponse: 00-0-0-0',
    'Server-Timing: db;dur=2',
    ''
  ]
  for (const line of lines) {
    const answer = await say(line)
    for (const each of line.split('|').filter(text => text !== '')) {
      const passed = answer.fields.some(([name, value]) => `${name}: ${value}` === each)
      t.ok(passed, `${each} passes on to the caller`)
    }
  }
  await until(async () => (await report()).requests === lines.length, 'all are counted')
  t.strictSame([await counted('same'), await counted('other'), await counted('malformed')], [2, 1, 1])
  const [route] = (await report()).routes
  t.match(route?.answers, [
    {
      upstream: 'orders',
      same: 2,
      other: 1,
      malformed: 1,
      lastOther: /^20.*Z$/,
      why: 'orders sometimes answers with another trace: it did not continue ours'
    }
  ])
})

t.test('the client span names the span that answered, where it is of this trace', async t => {
  const { say, receiver } = await started(t, oneRoute)
  await say(`traceresponse: ${same}`)
  await say(`traceresponse: ${other}`)
  const clients = (await receiver.received(4)).filter(({ kind }) => kind === 3)
  t.strictSame(
    clients.map(({ attributes }) => attributes.get('tracebridge.answer.span_id')),
    [answering, undefined]
  )
})

t.test('an upstream that was told of no trace cannot answer with another', async t => {
  const { say, report } = await started(
    t,
    `
sampling: { rate: 0%, parent: ignore }
routes:
  - { name: none, match: { path: /none }, upstream: orders, emit: [] }
  - { name: silent, match: { path: /silent }, upstream: orders, emit: [sw8] }
  - { name: told, match: { path: /told }, upstream: orders, emit: [sw8, w3c] }
`
  )
  for (const path of ['/none', '/silent', '/told']) await say(`traceresponse: ${other}`, path)
  await until(async () => (await report()).requests === 3, 'all are counted')
  const { routes } = await report()
  t.strictSame(
    routes.map(({ route, answers }) => [route, answers.map(each => [each.other, each.why])]),
    [
      ['none', []],
      ['silent', []],
      ['told', [[1, 'orders answers with another trace: it did not continue ours']]]
    ]
  )
})

t.test('a transparent hop hears them as well', async t => {
  const { say, counted } = await started(t, `spans: none\n${oneRoute}`)
  await say(`traceresponse: ${same}`)
  await until(async () => (await counted('same')) === 1, 'the same trace')
})

t.test('what the gateway answers itself takes the place of the upstream’s, which is heard first', async t => {
  const { say, counted } = await started(t, `respond: [traceresponse]\n${oneRoute}`)
  const answer = await say(`traceresponse: ${other}`)
  t.match(valueIn(answer, 'traceresponse'), new RegExp(`^00-${traceId}-`))
  await until(async () => (await counted('other')) === 1, 'another trace')
})
