// A bug that nothing catches: it is told loudly, what is in flight ends, and the process makes way for another one.
// The bug is that of a propagator which rules brought along: it breaks after it returned.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ServingChild, startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { connectRaw, requestOf, statusOf } from '../raw.ts'
import { until } from '../until.ts'

const broken = `
const key = Symbol.for('OpenTelemetry Context Key SPAN')
exports.broken = {
  fields: () => ['x-broken'],
  inject(context, carrier, setter) {
    const { traceId, spanId, traceFlags } = context.getValue(key).spanContext()
    setter.set(carrier, 'x-broken', [traceId, spanId, traceFlags].join('.'))
  },
  extract(context, carrier, getter) {
    const value = String(getter.get(carrier, 'x-broken'))
    if (value === 'throw') setTimeout(() => { throw new Error('broken in a timer') })
    if (value === 'reject') Promise.reject(new Error('broken in a promise'))
    const [traceId, spanId, flags] = value.split('.')
    const found = { traceId, spanId, traceFlags: Number(flags) }
    return context.setValue(key, { spanContext: () => found })
  }
}
`

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** `/slow` is answered when the test says so, everything else at once. */
async function serving(t: Test, flags: readonly string[] = []): Promise<ServingChild & { origin: Origin }> {
  const origin = await startOrigin(t, ({ start }) => (start.includes('/slow') ? undefined : ok))
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'node_modules', 'broken'), { recursive: true })
  writeFileSync(join(folder, 'node_modules', 'broken', 'index.js'), broken)
  const file = join(folder, 'rules.yaml')
  writeFileSync(
    file,
    `
access-log: { to: none }
dialects: { mine: { package: broken } }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...(await startServing(t, ['--rules', file, ...flags])), origin }
}

for (const [how, where] of [
  ['throw', 'broken in a timer'],
  ['reject', 'broken in a promise']
] as const) {
  t.test(`one process: ${where}, what is in flight is answered, and the exit code is 1`, async t => {
    const { port, origin, exited, stderr } = await serving(t)
    const slow = await connectRaw(t, port)
    slow.send(requestOf({ path: '/slow' }))
    await until(() => origin.requests.length === 1, 'it is in flight')
    const cause = await connectRaw(t, port)
    cause.send(requestOf({ fields: [['x-broken', how]] }))
    t.equal(statusOf(await cause.answer()), 200, 'the request itself is none the worse for it')
    await until(() => stderr().includes(where), 'it is told')
    for (const socket of origin.open) socket.write(ok)
    t.equal((await slow.answer()).body.toString(), 'ok')
    t.equal(await exited, 1)
    const line = stderr()
      .split('\n')
      .find(each => each.includes('"a bug: this process ends"'))
    t.match(JSON.parse(line ?? '{}'), {
      level: 'error',
      origin: how === 'throw' ? 'uncaughtException' : 'unhandledRejection',
      stack: new RegExp(`Error: ${where}\\n +at .*broken/index\\.js`)
    })
  })
}

t.test('a worker: it is replaced at once, and ends what it had begun', async t => {
  const { port, adminUrl, origin, exited, process, stderr } = await serving(t, ['--workers', '2'])
  const slow = await Promise.all(Array.from({ length: 10 }, () => connectRaw(t, port)))
  for (const client of slow) client.send(requestOf({ path: '/slow' }))
  await until(() => origin.requests.length === slow.length, 'they are in flight, in both workers')
  const cause = await connectRaw(t, port)
  cause.send(requestOf({ fields: [['x-broken', 'throw']] }))
  t.equal(statusOf(await cause.answer()), 200)
  await until(() => stderr().includes('broken in a timer'), 'it is told')
  for (const socket of origin.open) socket.write(ok)
  for (const client of slow) t.equal((await client.answer()).body.toString(), 'ok')
  await until(
    async () => (await metric(adminUrl, 'tracebridge_worker_restarts_total', { reason: 'crashed' })) === 1,
    'the broken one is gone'
  )
  await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'another one serves')
  t.equal(
    await metric(adminUrl, 'http_server_request_duration_seconds_count'),
    slow.length + 1,
    'what it counted last is not lost'
  )
  process.kill('SIGINT')
  t.equal(await exited, 0)
})
