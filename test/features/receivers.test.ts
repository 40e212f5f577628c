// What one upstream or one route needs done differently: flags that a receiver drops, path ids that must not grow.
import t from 'tap'
import { valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

t.test('a receiver that drops -03 is not sent it, by a hop that reports or by one that does not', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
export: [{ console: {} }]
emit: [w3c, elastic]
upstreams:
  strict: { targets: [{ url: "${origin.url}" }], random-flag: mask }
  other: { targets: [{ url: "${origin.url}" }] }
routes:
  - { match: { path: /strict }, upstream: strict }
  - { match: { path: /strict/quiet }, upstream: strict, spans: none }
  - { match: { path: /** }, upstream: other }
`
  )
  const flags = async (path: string, sent: string) => {
    const fields = [
      ['traceparent', `00-${traceId}-${spanId}-${sent}`],
      ['tracestate', 'a=1']
    ] as const
    await ask(t, port, { path, fields })
    const value = valueIn(origin.last(), 'traceparent') ?? ''
    t.equal(value.slice(3, 35), traceId, 'the trace goes on')
    t.match(valueIn(origin.last(), 'tracestate'), /(?:^|,)a=1(?:,|$)/)
    t.equal(valueIn(origin.last(), 'elastic-apm-traceparent')?.slice(-2), value.slice(-2), 'in either field')
    return value.slice(-2)
  }
  for (const path of ['/strict', '/strict/quiet']) {
    t.equal(await flags(path, '03'), '01', path)
    t.equal(await flags(path, '02'), '00', path)
    t.equal(await flags(path, '01'), '01', path)
  }
  t.equal(await flags('/strict/quiet', '09'), '01', 'nor any other flag')
  t.equal(await flags('/other', '03'), '03')
  // A trace that begins here has random ids, and says so where that may be said.
  await ask(t, port, { path: '/strict' })
  t.match(valueIn(origin.last(), 'traceparent'), /-01$/)
  await ask(t, port, { path: '/other' })
  t.match(valueIn(origin.last(), 'traceparent'), /-03$/)
})

t.test('the gateway is a hop of its own in path ids, or with rpc: transparent none', async t => {
  const origin = await startOrigin(t)
  const { port, printed } = await run(
    t,
    `
export: [{ console: {} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /eagleeye }, upstream: origin, emit: [eagleeye] }
  - { match: { path: /eagleeye/quiet }, upstream: origin, emit: [eagleeye], rpc: transparent }
  - { match: { path: /sofa }, upstream: origin, emit: [sofa] }
  - { match: { path: /sofa/quiet }, upstream: origin, emit: [sofa], rpc: transparent }
`
  )
  const eagleeye = [
    ['EagleEye-TraceID', '1e7c204a15846016040001234d9a1b'],
    ['EagleEye-RpcID', '0.2'],
    ['EagleEye-Sampled', 's1']
  ] as const
  await ask(t, port, { path: '/eagleeye', fields: eagleeye })
  t.equal(valueIn(origin.last(), 'eagleeye-rpcid'), '0.2.1')
  await ask(t, port, { path: '/eagleeye/quiet', fields: eagleeye })
  t.equal(valueIn(origin.last(), 'eagleeye-rpcid'), '0.2')
  t.equal(valueIn(origin.last(), 'eagleeye-traceid'), '1e7c204a15846016040001234d9a1b')
  const sofa = [
    ['X-B3-TraceId', '0ad1348f1403169275002100356696'],
    ['X-B3-SpanId', '0.1'],
    ['X-B3-ParentSpanId', '0']
  ] as const
  await ask(t, port, { path: '/sofa', fields: sofa })
  t.equal(valueIn(origin.last(), 'x-b3-spanid'), '0.1.1')
  t.equal(valueIn(origin.last(), 'x-b3-parentspanid'), '0.1')
  await ask(t, port, { path: '/sofa/quiet', fields: sofa })
  t.equal(valueIn(origin.last(), 'x-b3-spanid'), '0.1')
  t.equal(valueIn(origin.last(), 'x-b3-parentspanid'), '0')
  await until(() => printed.join('').includes('/sofa/quiet'), 'its spans are reported all the same')
})
