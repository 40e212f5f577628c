// A wire that nobody here wrote a dialect for: a published OpenTelemetry propagator speaks it, by configuration alone.
import t from 'tap'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'

t.test('a trace crosses over from the brought dialect to another, and back', async t => {
  const origin = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
dialects: { mine: { package: '@opentelemetry/propagator-jaeger' } }
accept: [w3c, mine]
export: [{ console: {} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /w3c }, upstream: origin, emit: [w3c] }
  - { match: { path: /mine }, upstream: origin, emit: [mine] }
`
  )
  for (const wish of ['keep', 'drop'] as const) {
    await ask(t, port, { path: '/w3c', fields: wires.jaeger.write(traceId, spanId, wish) })
    t.match(wires.w3c.read(origin.last()), { traceId, wish })
    t.equal(valueIn(origin.last(), 'uber-trace-id'), undefined, 'the caller’s own is gone')
    await ask(t, port, { path: '/mine', fields: wires.w3c.write(traceId, spanId, wish) })
    t.match(valueIn(origin.last(), 'uber-trace-id'), new RegExp(`^${traceId}:[0-9a-f]{16}:0:0?[01]$`))
  }
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'mine', outcome: 'continued' }), 2)
  await ask(t, port, { path: '/w3c', fields: [['uber-trace-id', 'zzz:yyy:0:1']] })
  t.equal(await metric(adminUrl, 'tracebridge_malformed_total', { dialect: 'mine' }), 1)
  t.notMatch(valueIn(origin.last(), 'traceparent') ?? '', 'zzz')
})
