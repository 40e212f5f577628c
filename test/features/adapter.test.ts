// A wire that nobody here wrote a dialect for: a published OpenTelemetry propagator speaks it, by configuration alone.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

t.test('options of a propagator decide what the upstream gets', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
dialects:
  single: { package: '@opentelemetry/propagator-b3' }
  multi: { package: '@opentelemetry/propagator-b3', options: { injectEncoding: 1 } }
accept: [w3c]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes:
  - { match: { path: /single }, upstream: origin, emit: [single] }
  - { match: { path: /multi }, upstream: origin, emit: [multi] }
`
  )
  await ask(t, port, { path: '/single', fields: wires.w3c.write(traceId, spanId, 'keep') })
  t.match(wires.b3.read(origin.last()), { traceId, wish: 'keep' })
  t.equal(wires.b3multi.read(origin.last()), undefined)
  await ask(t, port, { path: '/multi', fields: wires.w3c.write(traceId, spanId, 'keep') })
  t.match(wires.b3multi.read(origin.last()), { traceId, wish: 'keep' })
  t.equal(wires.b3.read(origin.last()), undefined)
})

const fickle = `
const key = Symbol.for('OpenTelemetry Context Key SPAN')
exports.fickle = {
  fields: () => ['x-fickle'],
  inject(context, carrier, setter) {
    const { traceId, spanId, traceFlags } = context.getValue(key).spanContext()
    setter.set(carrier, 'x-fickle', [traceId, spanId, traceFlags].join('.'))
  },
  extract(context, carrier, getter) {
    const value = String(getter.get(carrier, 'x-fickle'))
    if (value === 'nothing') return undefined
    if (value === 'later') return Promise.reject(new Error('later'))
    const [traceId, spanId, flags] = value.split('.')
    const found = { traceId: value.startsWith('list') ? [spanId] : traceId, spanId, traceFlags: Number(flags) }
    if (value.endsWith('state')) found.traceState = { serialize() { throw new Error('no') } }
    return context.setValue(key, { spanContext: () => found })
  }
}
`

t.test('a propagator that stumbles over bytes of a caller costs a trace, not the request', async t => {
  const rules = (more: string) => `${more}
upstreams: { echo: { echo: true } }
routes: [{ match: { path: /** }, upstream: echo }]
`
  const { app, port, adminUrl, file, rewrite } = await run(t, rules(''))
  const folder = join(dirname(file), 'node_modules', 'fickle')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'index.js'), fickle)
  rewrite(rules('dialects: { mine: { package: fickle } }'))
  t.match(await app.reload(), { routes: 1 })
  const hostile = [
    'nothing',
    'later',
    `list.${traceId}.1`,
    `${traceId}.${spanId}.1state`,
    `${traceId}.${spanId}`
  ]
  for (const value of hostile) {
    const answer = await ask(t, port, { fields: [['x-fickle', value]] })
    t.match(answer.start, ' 200 ', value)
  }
  t.equal(await metric(adminUrl, 'tracebridge_malformed_total', { dialect: 'mine' }), hostile.length)
  await ask(t, port, { fields: [['x-fickle', `${traceId}.${spanId}.1`]] })
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'mine', outcome: 'continued' }), 1)
})
