// A cloud's load balancer between two gateways begins a trace of its own, which nobody of ours will ever see.
import { createServer, request } from 'node:http'
import t, { type Test } from 'tap'
import { listenOn } from '../../src/listen.ts'
import { type Field, valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const foreignTrace = 'ffffffffffffffffffffffffffffffff'
const foreignSpan = 'eeeeeeeeeeeeeeee'

/** Overwrites traceparent, says so in its own dialect too, and lets everything else through. */
async function startBalancer(t: Test, to: number): Promise<string> {
  const server = createServer((incoming, answer) => {
    const headers = {
      ...incoming.headers,
      traceparent: `00-${foreignTrace}-${foreignSpan}-00`,
      'x-cloud-trace-context': `${foreignTrace}/1;o=0`
    }
    const { url, method } = incoming
    const onward = request({ host: '127.0.0.1', port: to, path: url, method, headers }, response => {
      answer.writeHead(response.statusCode ?? 500)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    incoming.pipe(onward)
  })
  t.teardown(() => server.close())
  return `http://127.0.0.1:${await listenOn(server, '127.0.0.1', 0)}`
}

/** Caller, gateway, balancer, gateway, service. */
async function inARow(t: Test, before: string, behind: string, exporting: string) {
  const service = await startOrigin(t)
  const rules = (url: string, route: string) => `
${exporting}
emit: [w3c]
upstreams: { next: { targets: [{ url: "${url}" }] } }
routes: [{ match: { path: /** }, upstream: next, ${route} }]
`
  const far = await run(t, rules(service.url, behind))
  const near = await run(t, rules(await startBalancer(t, far.port), before))
  return { service, near, far }
}

t.test('the trace goes on behind the balancer as if it were not there, and its span is linked', async t => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const exporting = `export: [{ otlp: { url: "${receiver.url}" } }]`
  const { service, near } = await inARow(t, 'restore: store', 'restore: take', exporting)
  const fields: readonly Field[] = [...wires.w3c.write(traceId, spanId, 'keep'), ['tracestate', 'vendor=1']]
  await ask(t, near.port, { fields })
  const spans = await receiver.received(4)
  t.ok(spans.every(span => span.traceId === traceId))
  const chain = [spanId]
  for (let parent: string | undefined = spanId; parent !== undefined; ) {
    parent = spans.find(span => span.parentSpanId === chain.at(-1))?.spanId
    if (parent !== undefined) chain.push(parent)
  }
  t.equal(chain.length, 5, 'caller, then server and client of each gateway')
  t.match(wires.w3c.read(service.last()), { traceId, spanId: chain.at(-1), wish: 'keep' })
  t.equal(valueIn(service.last(), 'tracestate'), 'vendor=1', 'nothing of it is left over')
  const linked = spans.flatMap(span => span.links)
  t.match(linked, [{ traceId: foreignTrace, spanId: foreignSpan }])
  t.equal(linked.length, 1)
})

t.test('without it the trace is broken in two', async t => {
  const { service, near } = await inARow(t, 'restore: store', 'restore: false', 'export: [{ console: {} }]')
  await ask(t, near.port, { fields: wires.w3c.write(traceId, spanId, 'keep') })
  t.match(wires.w3c.read(service.last()), { traceId: foreignTrace, wish: 'drop' })
})

t.test('gateways outside of traces give the service the caller’s own ids', async t => {
  const { service, near } = await inARow(t, 'restore: true', 'restore: take', '')
  await ask(t, near.port, { fields: wires.b3.write(traceId, spanId, 'keep') })
  t.match(wires.w3c.read(service.last()), { traceId, spanId, wish: 'keep' })
  t.equal(valueIn(service.last(), 'tracestate'), undefined)
})

t.test('what a stranger stores is not taken', async t => {
  const service = await startOrigin(t)
  const { port } = await run(
    t,
    `
trust: [{ from: 127.0.0.1, context: continue }]
export: [{ console: {} }]
upstreams: { next: { targets: [{ url: "${service.url}" }] } }
routes: [{ match: { path: /** }, upstream: next, restore: true }]
`
  )
  const stored = `tb=c:1${Buffer.from(traceId + spanId, 'hex').toString('base64url')}`
  const claim: readonly Field[] = [
    ...wires.w3c.write(foreignTrace, foreignSpan, 'keep'),
    ['tracestate', stored]
  ]
  await ask(t, port, { from: '127.0.9.1', fields: claim })
  t.notOk([traceId, foreignTrace].includes(wires.w3c.read(service.last())?.traceId ?? traceId))
  await ask(t, port, { fields: claim })
  t.match(wires.w3c.read(service.last()), { traceId })
})

t.test('garbage in its place fails no request and changes no trace', async t => {
  const { service, far } = await inARow(t, 'restore: true', 'restore: true', 'export: [{ console: {} }]')
  const values = [
    'c:',
    'c:3',
    `c:3${'A'.repeat(32)}`,
    `c:9${'B'.repeat(32)}`,
    'c:__proto__',
    'f:s;t:r;c:1AAAAAAAAAAB'
  ]
  for (const value of values) {
    const fields: readonly Field[] = [
      ...wires.w3c.write(traceId, spanId, 'keep'),
      ['tracestate', `tb=${value}`]
    ]
    await ask(t, far.port, { fields })
    t.match(wires.w3c.read(service.last()), { traceId }, value)
    t.match(valueIn(service.last(), 'tracestate') ?? '', /^tb=(?:[^;,]*;)*c:1[\w-]{32}$/, value)
  }
})
