// A collector that is down or deaf costs spans, which are counted; it costs no request and no time.
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { startBlackHole } from '../black-hole.ts'
import { holdClosedPort } from '../closed-port.ts'
import { startOrigin } from '../origin.ts'
import { startReceiver } from '../receiver.ts'
import { type Running, run, type Teardown } from '../running.ts'
import { portFor } from '../served.ts'
import { startTraffic } from '../traffic.ts'
import { until } from '../until.ts'

// Each waits for its gateway to give up.
t.jobs = 3

/** Two spans each are more than a queue holds. One is enough for that: the queue does not know why it is full. */
const overflowing = 5_000
const some = 500

/** A gateway that can be ended ahead of its test, to see what became of its spans. */
async function runToEnd(t: Test, rules: string): Promise<Running & { readonly end: () => Promise<void> }> {
  const ends: (() => unknown)[] = []
  const early: Teardown = { teardown: end => ends.push(end) }
  const gateway = await run(early, rules)
  let ended: Promise<unknown> | undefined
  const end = async () => {
    ended ??= Promise.all(ends.map(one => one()))
    await ended
  }
  t.teardown(end)
  return { ...gateway, end }
}

/** What became of all spans so far. */
function sumOf({ app }: Running) {
  const { text } = app.metrics.expose(undefined)
  const total = (series: RegExp) =>
    [...text.matchAll(series)].reduce((sum, [, value]) => sum + Number(value), 0)
  return {
    recorded: total(/^tracebridge_spans_recorded_total\{.*\} (\d+)$/gm),
    exported: total(/^tracebridge_spans_total\{.*outcome="exported".*\} (\d+)$/gm),
    dropped: total(/^tracebridge_spans_total\{.*outcome="dropped".*\} (\d+)$/gm),
    queued: total(/^tracebridge_spans_queued\{.*\} (\d+)$/gm)
  }
}

/** Takes connections and never says a word. */
async function startMute(t: Test): Promise<string> {
  const server = createServer(socket => socket.on('error', () => {}).resume())
  const port = await portFor(server)
  t.teardown(() => server.close())
  return `http://127.0.0.1:${port}/`
}

type Deaf = { readonly start: (t: Test) => Promise<string>; readonly requests: number }

const collectors: Readonly<Record<string, Deaf>> = {
  'refuses connections': {
    start: async t => `http://127.0.0.1:${await holdClosedPort(t)}/`,
    requests: some
  },
  'takes no connections': {
    start: async t => `http://127.0.0.1:${await startBlackHole(t)}/`,
    requests: some
  },
  'never answers': { start: startMute, requests: overflowing }
}

for (const [name, { start, requests }] of Object.entries(collectors)) {
  t.test(`a collector that ${name} changes nothing but the counts`, async t => {
    const url = await start(t)
    const origin = await startOrigin(t)
    const gateway = await runToEnd(
      t,
      `
export: [{ otlp: { url: "${url}v1/traces", timeout: 1s } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
    )
    const traffic = startTraffic(t, gateway.url, 20)
    for (let goal = 500; goal <= requests; goal += 500)
      await until(() => traffic.served() >= goal, `${goal} requests are served`)
    await traffic.stop()
    t.strictSame(traffic.failed, [])
    await until(() => sumOf(gateway).recorded === traffic.served() * 2, 'every span was offered')
    const during = sumOf(gateway)
    t.equal(during.dropped > 0, requests === overflowing, `${during.dropped} spans found no room`)
    t.equal(during.exported, 0)
    t.equal(during.recorded, during.dropped + during.queued, 'the sum closes while it lasts')

    const before = performance.now()
    await gateway.end()
    const took = performance.now() - before
    t.ok(took < 15_000, `the end waits for nobody long: ${took} ms`)
    const after = sumOf(gateway)
    t.match(after, { recorded: during.recorded, dropped: during.recorded, queued: 0 }, 'and when all is over')
  })
}

t.test('a collector that comes back gets what waited', async t => {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  // In front of the real one: refuses at first.
  let up = false
  const front = createServer(socket => {
    if (!up) return void socket.destroy()
    const behind = connect(Number(new URL(receiver.url).port), '127.0.0.1')
    socket.pipe(behind).pipe(socket)
    for (const one of [socket, behind]) one.on('error', () => {})
  })
  const frontPort = await portFor(front)
  t.teardown(() => front.close())
  const gateway = await runToEnd(
    t,
    `
export: [{ otlp: { url: "http://127.0.0.1:${frontPort}/v1/traces" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const traffic = startTraffic(t, gateway.url, 2)
  await until(() => traffic.served() >= 10, 'some requests are served')
  await traffic.stop()
  await until(() => sumOf(gateway).queued === traffic.served() * 2, 'their spans wait')
  up = true
  await gateway.end()
  t.match(sumOf(gateway), { exported: traffic.served() * 2, dropped: 0, queued: 0 })
  t.equal(receiver.spans().length, traffic.served() * 2)
})
