// "Our callers run New Relic's agents, the services behind have left it": its header is read, and goes on as it came.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { type Reading, vectors } from '../vectors/vectors.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const payloads = new Map(
  vectors<Reading>('newrelic').map(({ name, headers }) => [name, headers[0]?.[1] ?? ''])
)
const wide = payloads.get('32-hex trace id') ?? ''
const narrow = payloads.get('full payload, short trace id padded') ?? ''
const parent = '7d3efb1b173fecfa'

async function started(t: Test, more = '') {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await startOrigin(t)
  const running = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }], emit: [w3c, b3] } }
routes: [{ match: { path: /** }, upstream: origin }]
${more}
`
  )
  const send = async (value: string, ...fields: readonly [string, string][]) => {
    await ask(t, running.port, { fields: [['NewRelic', value], ...fields] })
    return origin.last()
  }
  return { ...running, receiver, send }
}

t.test('a trace that comes as newrelic alone goes on as W3C and B3, and the header beside them', async t => {
  const { send, receiver, adminUrl } = await started(t)
  const request = await send(wide)
  const [, sent] =
    new RegExp(`^00-${traceId}-([0-9a-f]{16})-01$`).exec(valueIn(request, 'traceparent') ?? '') ?? []
  t.ok(sent, 'the same trace')
  t.equal(valueIn(request, 'b3'), `${traceId}-${sent}-1-${(await receiver.received(2))[0]?.spanId}`)
  t.strictSame(
    request.fields.filter(([name]) => name.toLowerCase() === 'newrelic'),
    [['NewRelic', wide]],
    'byte for byte'
  )
  const server = receiver.spans().find(({ kind }) => kind === 2)
  t.match(server, { traceId, parentSpanId: parent })
  t.equal(server?.attributes.get('tracebridge.dialect.in'), 'newrelic')
  t.equal(
    await metric(adminUrl, 'tracebridge_context_total', { dialect: 'newrelic', outcome: 'continued' }),
    1
  )
})

t.test('a short trace id keeps its width, and what the agent left open is decided here', async t => {
  const { send } = await started(t, 'sampling: { rate: 0% }')
  t.match(valueIn(await send(narrow), 'b3'), /^0d6b4ba0c3a712ca-[0-9a-f]{16}-1/, 'it said keep')
  const { sa: _, ...open } = JSON.parse(Buffer.from(wide, 'base64').toString()).d
  const undecided = Buffer.from(JSON.stringify({ v: [0, 1], d: open })).toString('base64')
  t.match(valueIn(await send(undecided), 'traceparent'), /-00$/)
})

t.test('W3C goes before it, and one that names another trace is a conflict', async t => {
  const { send, adminUrl } = await started(t)
  const w3c = `00-${'c'.repeat(32)}-00f067aa0ba902b7-01`
  t.match(valueIn(await send(wide, ['traceparent', w3c]), 'traceparent'), /^00-c{32}-/)
  await until(
    async () => (await metric(adminUrl, 'tracebridge_conflicts_total', { loser: 'newrelic' })) === 1,
    'the conflict is counted'
  )
})

t.test('what cannot be read goes on as it came, begins no trace of its ids, and is counted', async t => {
  const { send, adminUrl } = await started(t)
  const deep = Buffer.from(`{"v":[0,1],"d":${'['.repeat(350)}${']'.repeat(350)}}`).toString('base64')
  const proto = Buffer.from(`{"__proto__":{"v":[0,1]},"constructor":1}`).toString('base64')
  for (const [value, reason] of [
    ['%%%', 'base64'],
    ['AAAA', 'json'],
    [proto, 'version'],
    [deep, 'required-key'],
    ['A'.repeat(4_000), 'too-long']
  ] as const) {
    const request = await send(value)
    t.equal(valueIn(request, 'newrelic'), value, reason)
    t.notMatch(valueIn(request, 'traceparent'), traceId)
    await until(
      async () =>
        (await metric(adminUrl, 'tracebridge_malformed_total', { dialect: 'newrelic', reason })) === 1,
      reason
    )
  }
})

t.test('of a caller that is not believed neither the trace nor the header goes on', async t => {
  const { send, receiver } = await started(t, 'trust: [{ from: any, context: restart }]')
  const request = await send(wide)
  t.equal(valueIn(request, 'newrelic'), undefined)
  t.notMatch(valueIn(request, 'traceparent'), traceId)
  const server = (await receiver.received(2)).find(({ kind }) => kind === 2)
  t.match(server?.links, [{ traceId, spanId: parent }])
})

t.test('a route that does not accept it relays it all the same', async t => {
  const { send } = await started(t, 'accept: [w3c]')
  const request = await send(wide)
  t.equal(valueIn(request, 'newrelic'), wide)
  t.notMatch(valueIn(request, 'traceparent'), traceId)
})

t.test('a transparent hop hands the caller’s own ids on', async t => {
  const { send } = await started(t, 'spans: none')
  const request = await send(wide)
  t.equal(valueIn(request, 'traceparent'), `00-${traceId}-${parent}-01`)
  t.equal(valueIn(request, 'b3'), `${traceId}-${parent}-1`)
  t.equal(valueIn(request, 'newrelic'), wide)
})
