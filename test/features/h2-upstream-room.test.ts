// Upstreams by HTTP/2 that allow few streams, refuse some, or are let go of while requests wait for one.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { pathOf } from '../certificates.ts'
import { type StreamOrigin, type StreamSeen, startStreamOrigin } from '../h2-origin.ts'
import { metric } from '../metric.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

function rulesTo(url: string, more = ''): string {
  return `
upstreams: { origin: { protocol: h2, targets: [{ url: "${url}" }]${more} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
}

/** An upstream that allows so many streams at once, and a gateway before it. */
async function narrow(
  t: Test,
  maxConcurrentStreams: number,
  respond: ((seen: StreamSeen) => void) | undefined,
  more = ''
): Promise<Running & { origin: StreamOrigin }> {
  const origin = await startStreamOrigin(t, respond, 'http', { maxConcurrentStreams })
  return { ...(await run(t, rulesTo(origin.url, more))), origin }
}

function answer({ stream }: StreamSeen): void {
  if (stream.destroyed) return
  stream.respond([':status', '200'])
  stream.end('ok')
}

const waiting = (adminUrl: string) => metric(adminUrl, 'tracebridge_upstream_requests_waiting')

t.test('a reload loses none that wait for a stream', async t => {
  const held: StreamSeen[] = []
  const limits = (age: string) => `, limits: { connections: 1, connection-age: ${age} }`
  const gateway = await narrow(
    t,
    1,
    seen => (seen.path === '/slow' ? void held.push(seen) : answer(seen)),
    limits('5m')
  )
  const { port, origin, adminUrl } = gateway
  const slow = ask(t, port, { path: '/slow' })
  await until(() => held.length === 1, 'it has the one stream')
  const others = [ask(t, port), ask(t, port)]
  await until(async () => (await waiting(adminUrl)) === 2, 'others wait')
  gateway.rewrite(rulesTo(origin.url, limits('4m')))
  await gateway.app.reload()
  for (const seen of held) answer(seen)
  for (const each of await Promise.all([slow, ...others])) t.equal(statusOf(each), 200)
  t.equal(origin.connections(), 1)
  await until(() => origin.open.size === 0, 'and then its connection ends')
})

t.test('nor those that wait for the connection itself', async t => {
  const origin = await startStreamOrigin(t, undefined, 'https')
  const { port: behind } = new URL(origin.url)
  // Nothing goes through before the test says so.
  const held: (() => void)[] = []
  const gate = createServer(socket => {
    socket.on('error', () => {})
    held.push(() => {
      const other = connect(Number(behind), '127.0.0.1')
      other.on('error', () => socket.destroy())
      socket.pipe(other).pipe(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(gate, 'listening')
  t.teardown(() => gate.close())
  const address = gate.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const rules = (pending: number) =>
    rulesTo(
      `https://127.0.0.1:${port}`,
      `, tls: { ca: "${pathOf('ca.pem')}", server-name: shop.example }, limits: { pending: ${pending} }`
    )
  const gateway = await run(t, rules(100))
  const asked = ask(t, gateway.port)
  await until(() => held.length === 1, 'it waits')
  gateway.rewrite(rules(101))
  await gateway.app.reload()
  for (const go of held) go()
  t.equal(statusOf(await asked), 200)
  t.equal(held.length, 1, 'one connection was made')
})

t.test('a burst is not sent before it is known how many streams may be', async t => {
  for (const [method, most] of [
    ['GET', 1],
    ['POST', 10]
  ] as const) {
    const { port, origin } = await narrow(t, most, seen => void setTimeout(answer, 5, seen))
    const answers = Array.from({ length: 40 }, () => ask(t, port, { method }))
    for (const each of await Promise.all(answers)) t.equal(statusOf(each), 200)
    t.equal(origin.seen.length, 40, 'each once')
  }
})

t.test('what the upstream refused to begin with is sent again, whatever it is', async t => {
  // REFUSED_STREAM, or a GOAWAY that names the stream before as the last.
  for (const refuse of [
    ({ stream }: StreamSeen) => stream.close(7),
    ({ stream }: StreamSeen) => {
      stream.session?.goaway(0, (stream.id ?? 0) - 2)
      stream.session?.destroy()
    },
    ({ stream }: StreamSeen) => stream.session?.goaway(2, (stream.id ?? 0) - 2)
  ]) {
    let asked = 0
    const { port, adminUrl } = await narrow(
      t,
      100,
      seen => (++asked === 2 ? refuse(seen) : answer(seen)),
      ', ejection: { failures: 1 }'
    )
    for (let number = 0; number < 3; number++) t.equal(statusOf(await ask(t, port, { method: 'POST' })), 200)
    t.equal(asked, 4)
    t.equal(await metric(adminUrl, 'tracebridge_upstream_target_available'), 1, 'and is no mark against it')
  }
})

t.test('what it ended in any other way is not', async t => {
  let asked = 0
  const { port } = await narrow(t, 100, ({ stream }) => {
    asked++
    stream.close(2)
  })
  t.equal(statusOf(await ask(t, port, { method: 'POST' })), 502)
  t.equal(asked, 1)
})

t.test('callers that leave, or are given up, leave the queue', async t => {
  const { port, adminUrl, origin } = await narrow(
    t,
    1,
    ({ stream }) => {
      stream.respond([':status', '200'])
      stream.write('x')
    },
    ', limits: { connections: 1, pending: 3 }, timeouts: { first-byte: 1s }'
  )
  const first = await connectRaw(t, port)
  first.send(requestOf({}))
  await until(() => origin.seen.length === 1, 'the stream is taken')
  const gone = await Promise.all([1, 2, 3].map(() => connectRaw(t, port)))
  for (const each of gone) each.send(requestOf({}))
  await until(async () => (await waiting(adminUrl)) === 3, 'the queue is full')
  for (const each of gone) each.socket.destroy()
  await until(async () => (await waiting(adminUrl)) === 0, 'and empty')
  const late = await Promise.all([1, 2, 3].map(() => ask(t, port)))
  t.strictSame(late.map(statusOf), [504, 504, 504], 'there was room to wait')
  t.equal(await waiting(adminUrl), 0)
  t.equal(statusOf(await ask(t, port)), 504)
})
