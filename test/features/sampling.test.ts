// What the rules say of sampling is what arrives: at the upstream, at the collector and in the metrics.
import t, { type Test } from 'tap'
import { Pool } from 'undici'
import { randomIds } from '../../src/trace/ids.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { type Vector, vectors } from '../vectors/vectors.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

async function behind(t: Test, sampling: string, rules = '') {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
sampling: ${sampling}
export: [{ console: {} }]
emit: [w3c, b3]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
${rules === '' ? 'routes: [{ match: { path: /** }, upstream: origin }]' : rules}
`
  )
  return { ...gateway, origin }
}

t.test('the traces that are kept are those whose randomness says so, and none else', async t => {
  const requests = 2_000
  // 30 % in the 14 digits of OpenTelemetry, reckoned apart from our code: (1 - 0.3) * 2^56, four digits.
  const threshold = 'b333'
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
# On a busy machine a request takes its second, and what is slow would be kept after all.
sampling: { rate: 30%, keep: none }
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const pool = new Pool(gateway.url, { connections: 20 })
  t.teardown(() => pool.close())
  const callers = Array.from({ length: requests }, () => randomIds.traceId())
  const waiting = [...callers]
  async function call(): Promise<void> {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const { body } = await pool.request({ method: 'GET', path: '/', headers: { b3: `${id}-${spanId}` } })
      await body.dump()
    }
  }
  await Promise.all(Array.from({ length: 20 }, call))
  const kept = new Set(callers.filter(id => id.slice(18) >= threshold))
  const spans = await receiver.received(kept.size * 2)
  t.strictSame(new Set(spans.map(span => span.traceId)), kept)
  t.ok(spans.filter(span => span.kind === 2).every(span => span.parentSpanId === spanId))
  t.ok(spans.every(span => span.traceState === `ot=th:${threshold}`))
  const said = new Map(
    origin.requests.map(request => [wires.w3c.read(request)?.traceId, wires.w3c.read(request)?.wish])
  )
  t.ok(
    callers.every(id => said.get(id) === (kept.has(id) ? 'keep' : 'drop')),
    'and upstreams hear the same'
  )
  t.equal(await metric(gateway.adminUrl, 'http_server_request_duration_seconds_count'), requests)
  t.equal(await metric(gateway.adminUrl, 'tracebridge_spans_recorded_total'), kept.size * 2)
})

t.test('follow: the caller’s wish stands, and the rate is for those who have none', async t => {
  const { port, origin } = await behind(t, '{ rate: 0%, parent: follow }')
  for (const [wish, becomes] of [
    ['keep', 'keep'],
    ['drop', 'drop'],
    ['debug', 'debug'],
    ['defer', 'drop']
  ] as const) {
    await ask(t, port, { fields: wires.b3.write(traceId, spanId, wish) })
    t.match(wires.b3.read(origin.last()), { traceId, wish: becomes }, wish)
  }
})

t.test('cap: a caller may ask for less than the rate, not for more', async t => {
  // The low 56 bits of this trace id, ce929d0e0e4736, pass 25 % and fail 10 %.
  for (const [rate, wish, becomes] of [
    ['25%', 'keep', 'keep'],
    ['25%', 'drop', 'drop'],
    ['10%', 'keep', 'drop'],
    ['10%', 'debug', 'drop'],
    ['25%', 'debug', 'debug'],
    ['25%', 'defer', 'keep']
  ] as const) {
    const { port, origin } = await behind(t, `{ rate: ${rate}, parent: cap }`)
    await ask(t, port, { fields: wires.b3.write(traceId, spanId, wish) })
    t.match(wires.b3.read(origin.last()), { traceId, wish: becomes }, `${wish} at ${rate}`)
  }
})

t.test('ignore: the trace goes on, its wish does not', async t => {
  for (const [rate, becomes] of [
    ['0%', 'drop'],
    ['100%', 'keep']
  ] as const) {
    const { port, origin } = await behind(t, `{ rate: ${rate}, parent: ignore }`)
    for (const wish of wires.b3.wishes) {
      await ask(t, port, { fields: wires.b3.write(traceId, spanId, wish) })
      t.match(wires.b3.read(origin.last()), { traceId, wish: becomes }, `${wish} at ${rate}`)
    }
  }
})

t.test('the first rule that matches decides, then the route, then the top', async t => {
  const { port, origin, adminUrl } = await behind(
    t,
    `
  rate: 100%
  rules:
    - { match: { path: /healthz }, rate: 0% }
    - { match: { path: /pay/**, header: { x-try: "1" } }, rate: 0%, parent: ignore }
    - { match: { path: /pay/** }, rate: 100% }
    - { match: { method: DELETE }, rate: 0% }`,
    `
routes:
  - { name: pay, match: { path: /pay/** }, upstream: origin, sampling: { rate: 0% } }
  - { name: rare, match: { path: /rare }, upstream: origin, sampling: { rate: 0% } }
  - { name: all, match: { path: /** }, upstream: origin }
`
  )
  for (const [method, path, wish, fields = []] of [
    ['GET', '/healthz', 'drop'],
    ['GET', '/pay/1', 'keep'],
    ['GET', '/pay/1', 'drop', [['X-Try', '1']]],
    ['DELETE', '/x', 'drop'],
    ['DELETE', '/pay/1', 'keep'],
    ['GET', '/rare', 'drop'],
    ['GET', '/x', 'keep']
  ] as const) {
    await ask(t, port, { method, path, fields })
    t.match(wires.b3.read(origin.last()), { wish }, `${method} ${path} ${fields.join()}`)
  }
  await ask(t, port, {
    path: '/pay/1',
    fields: [['X-Try', '1'], ...wires.w3c.write(traceId, spanId, 'keep')]
  })
  t.match(wires.b3.read(origin.last()), { traceId, wish: 'drop' }, 'a rule may have its own parent')
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate', { route: 'rare' }), 0)
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate', { route: 'all' }), 1)
})

type Probability = Vector<{ readonly sampled: boolean; readonly ot: string }> & {
  readonly input: {
    readonly mode: 'probability' | 'parent' | 'forced' | 'equalizing'
    readonly p?: number
  }
}

t.test('thresholds and randomness in tracestate are as OpenTelemetry has them', async t => {
  const parents = { probability: 'ignore', parent: 'follow', equalizing: 'cap', forced: 'ignore' } as const
  for (const { name, headers, input, expect } of vectors<Probability>('otel-probability')) {
    // W3C has no word that forces: here it is the header field of the rules, against a rate of nothing.
    const forced = input.mode === 'forced'
    const rate = input.p ?? (forced ? 0 : 1)
    const force = 'force: { header: x-trace-force }'
    const { port, origin } = await behind(t, `{ rate: ${rate}, parent: ${parents[input.mode]}, ${force} }`)
    await ask(t, port, { fields: forced ? [...headers, ['x-trace-force', '1']] : headers })
    t.match(wires.w3c.read(origin.last()), { wish: expect.sampled ? 'keep' : 'drop' }, name)
    t.equal(valueIn(origin.last(), 'tracestate') ?? '', expect.ot === '' ? '' : `ot=${expect.ot}`, name)
  }
})

t.test('a rule may ask for the route, and for the tags of the target that will serve', async t => {
  const base = await startOrigin(t)
  const gray = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
sampling:
  rate: 0%
  rules:
    - { match: { route: pay, tag: { service.tag: gray } }, rate: 100% }
    - { match: { route: [other, never] }, rate: 100% }
export: [{ console: {} }]
upstreams:
  both:
    targets:
      - { url: "${base.url}", tags: { service.tag: base } }
      - { url: "${gray.url}", tags: { service.tag: gray } }
routes:
  - { name: pay, match: { path: /pay/** }, upstream: both }
  - { name: other, match: { path: /other }, upstream: both }
  - { name: never, match: { path: /never }, upstream: both }
  - { name: rest, match: { path: /** }, upstream: both }
`
  )
  for (const path of ['/pay/1', '/pay/2', '/pay/3', '/pay/4', '/rest', '/rest', '/other', '/other']) {
    await ask(t, port, { path })
  }
  const wishes = (origin: typeof base) =>
    origin.requests.map(request => [request.start.split(' ')[1]?.slice(0, 4), wires.w3c.read(request)?.wish])
  t.strictSame(wishes(base), [
    ['/pay', 'drop'],
    ['/pay', 'drop'],
    ['/res', 'drop'],
    ['/oth', 'keep']
  ])
  t.strictSame(wishes(gray), [
    ['/pay', 'keep'],
    ['/pay', 'keep'],
    ['/res', 'drop'],
    ['/oth', 'keep']
  ])
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate', { route: 'pay' }), 0, 'the route’s own')
})

t.test('an adaptive rate is consistent, and to be seen wherever a rate is', async t => {
  const { port, origin, adminUrl } = await behind(t, '{ adaptive: { target: 1000/s, ceiling: 50% } }')
  // A tenth until it is known what comes: the low 56 bits of these pass it, and fail it.
  for (const [low, wish, tracestate] of [
    ['f0000000000000', 'keep', 'ot=th:e666'],
    ['e0000000000000', 'drop', undefined]
  ] as const) {
    await ask(t, port, { fields: [['b3', `4bf92f3577b34da6a3${low}-${spanId}`]] })
    t.match(wires.w3c.read(origin.last()), { wish })
    t.equal(valueIn(origin.last(), 'tracestate'), tracestate)
  }
  t.equal(await metric(adminUrl, 'tracebridge_sampling_rate'), 0.1)
  await until(async () => {
    await ask(t, port)
    return (await metric(adminUrl, 'tracebridge_sampling_rate')) === 0.5
  }, 'so little traffic is kept up to the ceiling')
  t.match(JSON.parse(await (await fetch(`${adminUrl}/config`)).text()), {
    sampling: {
      adaptive: { target: '1000/s', floor: '1/m', ceiling: '50%' },
      'in-force': { rates: [{ route: '/**', rate: '50%' }] }
    }
  })
})

t.test('at-most is a budget of all routes that have it from the top, and claims no odds', async t => {
  const { port, origin, printed } = await behind(
    t,
    '{ at-most: 2/h }',
    `
routes:
  - { match: { path: /** }, upstream: origin }
  - { match: { path: /other }, upstream: origin }
  - { match: { path: /own }, upstream: origin, sampling: { at-most: 1/h } }
  - { match: { path: /rate }, upstream: origin, sampling: { rate: 0% } }
`
  )
  const wishes: unknown[] = []
  for (const path of ['/rate', '/a', '/other', '/a', '/own', '/own']) {
    await ask(t, port, { path })
    wishes.push(wires.b3.read(origin.last())?.wish)
    t.equal(valueIn(origin.last(), 'tracestate'), undefined)
  }
  t.strictSame(wishes, ['drop', 'keep', 'drop', 'drop', 'keep', 'drop'])
  await until(
    () => printed.join('').split('"tracebridge.sampling.reason":"at-most"').length === 3,
    'it is said'
  )
})

t.test('what others wrote into tracestate stays behind what is new', async t => {
  const { port, origin } = await behind(t, '{ rate: 50%, parent: ignore }')
  await ask(t, port, {
    fields: [...wires.w3c.write(traceId, spanId, 'keep'), ['tracestate', 'a=1,ot=th:0;x:y,b=2']]
  })
  t.equal(valueIn(origin.last(), 'tracestate'), 'ot=th:8;x:y,a=1,b=2')
})

t.test('metrics count every request, whatever is kept', async t => {
  const { port, adminUrl, printed } = await behind(t, '{ rate: 0%, keep: none }')
  for (let i = 0; i < 20; i++) await ask(t, port, { path: `/${i}` })
  await until(
    async () => (await metric(adminUrl, 'http_server_request_duration_seconds_count')) === 20,
    'all are counted'
  )
  t.equal(await metric(adminUrl, 'http_client_request_duration_seconds_count'), 20)
  t.equal(await metric(adminUrl, 'tracebridge_spans_recorded_total'), 0)
  t.equal(printed.length, 0)
})
