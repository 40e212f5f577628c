// SIGTERM: what is in flight is answered, what was recorded is sent, and then the process is gone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type ServingChild, startServing } from '../child.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { connectRaw, requestOf } from '../raw.ts'
import { type Receiver, startReceiver } from '../receiver.ts'
import { startTraffic } from '../traffic.ts'
import { until } from '../until.ts'

type World = ServingChild & { readonly origin: Origin; readonly receiver: Receiver }

/** `/slow` is answered when the test says so, everything else at once. */
async function serving(t: Test, drain = '{ linger: 0s }'): Promise<World> {
  const origin = await startOrigin(t, ({ start }) =>
    start.includes('/slow') ? undefined : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  )
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  writeFileSync(
    file,
    `
access-log: { to: none }
drain: ${drain}
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...(await startServing(t, ['--rules', file])), origin, receiver }
}

function refuses(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(true))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}

t.test('a slow request is answered whole, its spans are sent, and the exit code is 0', async t => {
  const { port, adminUrl, origin, receiver, process, exited, stderr } = await serving(t)
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/slow' }))
  await until(() => origin.requests.length === 1, 'it is in flight')
  t.equal((await fetch(`${adminUrl}/readyz`)).status, 200)

  process.kill('SIGTERM')
  await until(() => refuses(port), 'new connections are refused')
  t.equal((await fetch(`${adminUrl}/readyz`)).status, 503)
  t.equal((await fetch(`${adminUrl}/livez`)).status, 200, 'it lives on')
  t.equal(process.exitCode, null)
  t.equal(receiver.spans().length, 0)

  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nslowly')
  const answer = await client.answer()
  t.equal(answer.body.toString(), 'slowly')
  t.match(answer.head, /^connection: close\r$/im)
  t.equal(await exited, 0)
  t.match(
    receiver
      .spans()
      .map(span => span.kind)
      .sort(),
    [2, 3],
    'spans that nobody had sent yet were sent'
  )
  t.match(stderr(), '"drained"')
})

t.test('connections that nobody uses do not hold up the end', async t => {
  const { port, process, exited } = await serving(t)
  const silent = await connectRaw(t, port)
  const used = await connectRaw(t, port)
  used.send(requestOf({}))
  await used.answer()
  const start = performance.now()
  process.kill('SIGTERM')
  t.equal(await exited, 0)
  const took = performance.now() - start
  t.ok(took < 10_000, `it took ${took} ms`)
  await silent.over
  await used.over
})

t.test('busy connections see no failure but the refusal of new ones', async t => {
  const { port, process, exited } = await serving(t)
  const traffic = startTraffic(t, `http://127.0.0.1:${port}`, 20)
  await until(() => traffic.served() > 100, 'all are busy')
  process.kill('SIGTERM')
  t.equal(await exited, 0)
  await traffic.stop()
  t.strictSame(
    traffic.failed.filter(why => !why.includes('ECONNREFUSED')),
    []
  )
})

t.test('a second signal ends it at once', async t => {
  const { port, origin, process, exited } = await serving(t)
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/slow' }))
  await until(() => origin.requests.length === 1, 'it is in flight')
  process.kill('SIGTERM')
  await until(() => refuses(port), 'it drains')
  process.kill('SIGTERM')
  t.equal(await exited, 130)
})

t.test(
  'after SIGTERM it lingers: not ready, but who still comes is served, on a connection that ends',
  async t => {
    const { port, adminUrl, process } = await serving(t, '{ linger: 1m }')
    const kept = await connectRaw(t, port)
    kept.send(requestOf({}))
    t.notMatch((await kept.answer()).head, /^connection: close/im)
    process.kill('SIGTERM')
    await until(async () => (await fetch(`${adminUrl}/readyz`)).status === 503, 'it is not ready')
    kept.send(requestOf({}))
    t.match((await kept.answer(1)).head, /^connection: close\r$/im, 'who was there before')
    t.equal(await kept.over, 'end')
    const late = await connectRaw(t, port)
    late.send(requestOf({}))
    const answer = await late.answer()
    t.equal(answer.body.toString(), 'ok', 'who comes only now')
    t.match(answer.head, /^connection: close\r$/im)
    t.equal(await late.over, 'end')
  }
)

t.test('it lingers as long as the rules say, and then ends', async t => {
  const { process, exited, stderr } = await serving(t, '{ linger: 1s }')
  const start = performance.now()
  process.kill('SIGTERM')
  t.equal(await exited, 0)
  const took = performance.now() - start
  t.ok(took >= 1000, `it took ${took} ms`)
  t.match(stderr(), /"draining","linger":1/)
})

t.test('SIGINT, as from a terminal, does not linger', async t => {
  const { process, exited } = await serving(t, '{ linger: 1m }')
  process.kill('SIGINT')
  t.equal(await exited, 0)
})

t.test('who only tries it out waits for no load balancer', async t => {
  const origin = await startOrigin(t)
  const { process, exited } = await startServing(t, ['--upstream', origin.url])
  process.kill('SIGTERM')
  t.equal(await exited, 0)
})

t.test('what is in flight has until the deadline of the rules, and no longer', async t => {
  const { port, origin, process, exited } = await serving(t, '{ linger: 0s, timeout: 300ms }')
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/slow' }))
  await until(() => origin.requests.length === 1, 'it is in flight')
  process.kill('SIGTERM')
  t.equal(await exited, 0)
  await client.over
})

t.test('a second signal while it lingers ends it at once', async t => {
  const { adminUrl, process, exited } = await serving(t, '{ linger: 1m }')
  process.kill('SIGTERM')
  await until(async () => (await fetch(`${adminUrl}/readyz`)).status === 503, 'it lingers')
  process.kill('SIGINT')
  t.equal(await exited, 130)
})

t.test('POST /drain takes it out of service before the signal comes, and the time counts', async t => {
  const { port, adminUrl, process, exited } = await serving(t, '{ linger: 500ms }')
  const start = performance.now()
  const drained = await fetch(`${adminUrl}/drain?wait=600ms`, { method: 'POST' })
  t.equal(drained.status, 200)
  t.ok(performance.now() - start >= 590, 'it waits with its answer')
  t.equal((await fetch(`${adminUrl}/readyz`)).status, 503)
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  t.match((await client.answer()).head, /^connection: close\r$/im)
  process.kill('SIGTERM')
  await until(() => refuses(port), 'it has lingered enough')
  t.equal(await exited, 0)
})
