// After an error the next requests are kept from the start, here and behind, so that whole failing traces exist.
import t, { type Test } from 'tap'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

// Spans wait a second for company.
t.jobs = 5

const answer = (status: string) => `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`

async function failing(t: Test): Promise<Origin> {
  return startOrigin(t, ({ start }) =>
    answer(start.includes('/fail') ? '500 Internal Server Error' : '200 OK')
  )
}

/** A gateway that keeps nothing by itself; what its upstream is told of each request. */
async function world(
  t: Test,
  sampling: string,
  routes = 'routes: [{ match: { path: /** }, upstream: origin }]'
) {
  const origin = await failing(t)
  const gateway = await run(
    t,
    `
sampling: ${sampling}
export: [{ console: {} }]
emit: [w3c]
upstreams: { origin: { targets: [{ url: "${origin.url}", tags: { service.tag: base } }] } }
${routes}
`
  )
  const said = async (path: string, fields: Parameters<typeof ask>[2] = {}) => {
    await ask(t, gateway.port, { path, ...fields })
    return wires.w3c.read(origin.last())?.wish
  }
  /** A failure is told when its answer is over. */
  const fails = async (path = '/fail') => {
    const before = gateway.printed.join('').split('"error.type":"500"').length
    await ask(t, gateway.port, { path })
    await until(
      () => gateway.printed.join('').split('"error.type":"500"').length > before,
      'the error is told'
    )
  }
  return { ...gateway, origin, said, fails }
}

t.test('so many requests after an error are kept, the others by the rate', async t => {
  const { said, fails, printed, origin } = await world(t, '{ rate: 0.1%, boost: { requests: 3 } }')
  const id = (n: number) => `4bf92f3577b34da6a3ce00000000000${n}`
  const fields = (n: number) => ({ fields: [['b3', `${id(n)}-00f067aa0ba902b7`] as const] })
  t.equal(await said('/a', fields(1)), 'drop')
  await fails()
  for (let n = 2; n < 5; n++) t.equal(await said('/a', fields(n)), 'keep', `${n}`)
  t.notOk(origin.last().head.includes('ot='), 'nobody knows the odds')
  t.equal(await said('/a', fields(5)), 'drop', 'three there were')
  await until(
    () => printed.join('').split('"tracebridge.sampling.reason":"boost"').length === 4,
    'it is said'
  )
})

t.test('callers who decided are not overruled, and take nothing of it', async t => {
  const { said, fails } = await world(t, '{ rate: 0.1%, boost: { requests: 1 } }')
  const id = '4bf92f3577b34da6a3ce000000000001'
  await fails()
  t.equal(await said('/a', { fields: wires.b3.write(id, '00f067aa0ba902b7', 'drop') }), 'drop')
  t.equal(await said('/a', { fields: wires.b3.write(id, '00f067aa0ba902b7', 'defer') }), 'keep')
})

t.test('it is of the route that failed, has an end in time, and a budget', async t => {
  const routes = `
routes:
  - { match: { path: /a/** }, upstream: origin }
  - { match: { path: /b/** }, upstream: origin }
  - { match: { path: /never/** }, upstream: origin, sampling: { rate: 0% } }
`
  const id = '4bf92f3577b34da6a3ce000000000001'
  const open = { fields: wires.b3.write(id, '00f067aa0ba902b7', 'defer') }
  const apart = await world(t, '{ rate: 0.1%, boost: {} }', routes)
  await apart.fails('/a/fail')
  t.equal(await apart.said('/b/1', open), 'drop')
  t.equal(await apart.said('/a/1', open), 'keep')
  await apart.fails('/never/fail')
  t.equal(await apart.said('/never/1', open), 'drop', 'a rate of nothing is a word against it')

  const brief = await world(t, '{ rate: 0.1%, boost: { for: 1ms } }')
  await brief.fails()
  await until(async () => (await brief.said('/a', open)) === 'drop', 'the time is over')

  const scarce = await world(t, '{ rate: 0.1%, boost: { at-most: 1/h } }')
  await scarce.fails()
  t.equal(await scarce.said('/a', open), 'keep')
  t.equal(await scarce.said('/a', open), 'drop')
})

t.test('without the key there is none', async t => {
  const { said, fails } = await world(t, '{ rate: 0.1% }')
  await fails()
  const fields = wires.b3.write('4bf92f3577b34da6a3ce000000000001', '00f067aa0ba902b7', 'defer')
  t.equal(await said('/a', { fields }), 'drop')
})

t.test('a second hop that follows its callers has its part of each of these traces', async t => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const origin = await failing(t)
  const rules = (name: string, to: string, sampling: string) => `
service: { name: ${name} }
sampling: ${sampling}
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { next: { targets: [{ url: "${to}" }] } }
routes: [{ match: { path: /** }, upstream: next }]
`
  // Keeps nothing by itself, as a service with OpenTelemetry's ParentBased sampler.
  const behind = await run(t, rules('behind', origin.url, '{ rate: 0%, keep: none }'))
  // A machine that stands still makes any request slow, which would be kept for that.
  const sampling = '{ rate: 0.000001%, boost: { requests: 4 }, keep: { slower-than: 1h } }'
  const front = await run(t, rules('front', behind.url, sampling))
  await ask(t, front.port, { path: '/fail' })
  await receiver.received(2)
  for (let n = 0; n < 6; n++) await ask(t, front.port, { path: '/fine' })
  const spans = await receiver.received(2 + 4 * 4)
  const names = new Map<string, unknown[]>()
  for (const span of spans.slice(2)) {
    names.set(span.traceId, [...(names.get(span.traceId) ?? []), span.resource.get('service.name')])
  }
  t.equal(names.size, 4)
  for (const trace of names.values()) t.strictSame(trace.sort(), ['behind', 'behind', 'front', 'front'])
})
