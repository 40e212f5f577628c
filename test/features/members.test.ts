// What Datadog and Instana say beside the ids outlives a stretch of the way on which W3C alone is spoken.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'

const datadog = [
  ['x-datadog-trace-id', '11803532876627986230'],
  ['x-datadog-parent-id', '67667974448284343'],
  ['x-datadog-sampling-priority', '2'],
  ['x-datadog-origin', 'synthetics'],
  ['x-datadog-tags', '_dd.p.tid=4bf92f3577b34da6,_dd.p.dm=-4,_dd.p.usr.id=dGVzdA==']
] as const
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

async function before(t: Test, upstream: string, emit: string, rules = '') {
  return run(
    t,
    `
export: [{ console: {} }]
upstreams: { next: { targets: [{ url: "${upstream}" }], emit: [${emit}] } }
routes: [{ match: { path: /** }, upstream: next }]
${rules}
`
  )
}

/** Two gateways with W3C alone between them; the far one also shows what tracestate came to. */
async function chain(t: Test, emit: string): Promise<{ readonly port: number; readonly origin: Origin }> {
  const origin = await startOrigin(t)
  const far = await before(t, origin.url, emit)
  const near = await before(t, far.url, 'w3c')
  return { port: near.port, origin }
}

t.test('Datadog through two gateways is Datadog again, and names its own last span in between', async t => {
  const { port, origin } = await chain(t, 'datadog, w3c')
  await ask(t, port, { fields: datadog })
  const got = origin.last()
  t.equal(valueIn(got, 'x-datadog-trace-id'), '11803532876627986230')
  t.not(valueIn(got, 'x-datadog-parent-id'), '67667974448284343', 'a span of the gateway')
  t.equal(valueIn(got, 'x-datadog-sampling-priority'), '2')
  t.equal(valueIn(got, 'x-datadog-origin'), 'synthetics')
  t.equal(valueIn(got, 'x-datadog-tags'), '_dd.p.tid=4bf92f3577b34da6,_dd.p.dm=-4,_dd.p.usr.id=dGVzdA==')
  t.equal(valueIn(got, 'tracestate'), 'dd=s:2;o:synthetics;p:00f067aa0ba902b7;t.dm:-4;t.usr.id:dGVzdA~~')
})

t.test('a member that came goes on as it came, unless the gateway decides otherwise', async t => {
  const origin = await startOrigin(t)
  const fields = [
    ['traceparent', traceparent],
    ['tracestate', 'a=1,dd=s:2;new:thing;o:rum,es=s:0.5,b=2']
  ] as const
  const follows = await before(t, origin.url, 'w3c')
  await ask(t, follows.port, { fields })
  t.equal(valueIn(origin.last(), 'tracestate'), fields[1][1])

  const decides = await before(t, origin.url, 'w3c', 'sampling: { rate: 0%, parent: ignore }')
  await ask(t, decides.port, { fields })
  t.match(valueIn(origin.last(), 'traceparent'), /-00$/)
  t.equal(valueIn(origin.last(), 'tracestate'), 'dd=s:0;new:thing;o:rum,a=1,es=s:0.5,b=2')
})

t.test('a caller that is not believed brings none of it', async t => {
  const origin = await startOrigin(t)
  const { port } = await before(t, origin.url, 'w3c, datadog', 'trust: [{ from: any, context: restart }]')
  await ask(t, port, { fields: datadog })
  // What is left is the gateway's own word on the odds.
  t.notMatch(valueIn(origin.last(), 'tracestate') ?? '', /dd=/)
  t.equal(valueIn(origin.last(), 'x-datadog-origin'), undefined)
  t.notMatch(valueIn(origin.last(), 'x-datadog-tags') ?? '', /dm/)
})

t.test('Instana’s last span goes along, and its suppression ends the ids', async t => {
  const { port, origin } = await chain(t, 'instana, w3c')
  const ids = [
    ['X-INSTANA-T', 'a3ce929d0e0e4736'],
    ['X-INSTANA-S', '00f067aa0ba902b7']
  ] as const
  await ask(t, port, { fields: [...ids, ['X-INSTANA-L', '1']] })
  t.equal(valueIn(origin.last(), 'tracestate'), 'in=a3ce929d0e0e4736;00f067aa0ba902b7')
  t.equal(valueIn(origin.last(), 'x-instana-t'), 'a3ce929d0e0e4736'.padStart(32, '0'))
  t.equal(valueIn(origin.last(), 'x-instana-l'), '1')

  await ask(t, port, { fields: [...ids, ['X-INSTANA-L', '0']] })
  t.equal(valueIn(origin.last(), 'x-instana-t'), undefined)
  t.equal(valueIn(origin.last(), 'x-instana-s'), undefined)
  t.equal(valueIn(origin.last(), 'x-instana-l'), '0')
  t.notMatch(valueIn(origin.last(), 'traceparent') ?? '', /a3ce929d0e0e4736/, 'ids that are not to be used')
})
