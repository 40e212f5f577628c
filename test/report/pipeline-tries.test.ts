// What is tried again of spans, and what is let go, over real sockets to collectors that are down, refuse or talk rubbish.
import { createServer } from 'node:net'
import t from 'tap'
import { holdClosedPort } from '../closed-port.ts'
import { encodePartialSuccess } from '../receiver.ts'
import { portFor } from '../served.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'
import { account, record, startPipeline as start } from './piped.ts'

const ok = 200

t.test('nobody listens: tries with growing waits, then the batch is dropped', async t => {
  const { pipeline, waits, said, idle } = start(t, `http://127.0.0.1:${await holdClosedPort(t)}/`)
  record(pipeline, 3)
  await idle()
  t.strictSame(account(t, pipeline), {
    recorded: 3,
    exported: 0,
    rejected: 0,
    dropped: { retry_exhausted: 3 },
    queued: 0
  })
  t.strictSame(
    waits.slice(0, 6),
    [500, 1000, 2000, 4000, 8000, 15_000],
    'half of 1, 2, 4, … 30 s, as the dice said'
  )
  t.equal(waits.length, 30, 'thirty tries')
  t.strictSame(said, ['spans do not get out'], 'said once')
  t.equal(pipeline.counts().bytes, 0)
})

t.test('a collector that accepts connections and says nothing costs its timeout, and no more', async t => {
  const hole = createServer(() => {})
  const url = `http://127.0.0.1:${await portFor(hole)}/`
  t.teardown(() => hole.close())
  const { pipeline, waits, idle } = start(t, url, { timeoutMs: 20 })
  record(pipeline, 2)
  await idle()
  t.strictSame(account(t, pipeline).dropped, { retry_exhausted: 2 })
  t.equal(waits.length, 30)
})

t.test('a collector that is down is told of while it is still asked, not minutes later', async t => {
  /** Waits that are shorter pass at once, the others never: a collector in the middle of its tries. */
  const stuckFrom = (longest: number, seen: number[]) => ({
    random: () => 0.5,
    wait: (ms: number): Promise<unknown> => {
      seen.push(ms)
      return ms < longest ? Promise.resolve() : new Promise(() => {})
    }
  })
  const url = `http://127.0.0.1:${await holdClosedPort(t)}/`
  const waits: number[] = []
  const first = start(t, url, { patience: stuckFrom(500, waits) })
  record(first.pipeline, 1)
  await until(() => waits.length === 1, 'the first wait')
  t.strictSame(first.said, [], 'one failure may be a hiccup')
  const second = start(t, url, { patience: stuckFrom(1000, []) })
  record(second.pipeline, 1)
  await until(() => second.said.length > 0, 'it is said')
  t.strictSame(second.said, ['spans do not get out'])
  t.equal(second.pipeline.counts().queued, 1, 'while the span still waits')
})

t.test('after a 503 the same bytes are sent again', async t => {
  const collector = await startCollector(t, (response, number) =>
    response.writeHead(number === 0 ? 503 : ok).end()
  )
  const { pipeline, waits, said, idle } = start(t, collector.url)
  record(pipeline, 5)
  await idle()
  t.strictSame(account(t, pipeline), { recorded: 5, exported: 5, rejected: 0, dropped: {}, queued: 0 })
  t.strictSame(waits, [500])
  const [first, second] = collector.requests
  t.strictSame(first?.body, second?.body)
  t.strictSame(said, [], 'a hiccup that a retry heals is nothing to report')
})

t.test('of all refusals only 429, 502, 503 and 504 are asked again', async t => {
  for (const [status, tries] of [
    [429, 2],
    [502, 2],
    [503, 2],
    [504, 2],
    [400, 1],
    [401, 1],
    [404, 1],
    [413, 1],
    [500, 1],
    [302, 1]
  ] as const) {
    const collector = await startCollector(t, response => response.writeHead(status).end())
    const { pipeline, idle } = start(t, collector.url, { patience: { tries: 2, wait: async () => {} } })
    record(pipeline, 1)
    await idle()
    t.equal(collector.requests.length, tries, `status ${status}`)
    t.strictSame(account(t, pipeline).dropped, { [tries === 2 ? 'retry_exhausted' : 'refused']: 1 })
  }
})

t.test('Retry-After is the wait, whatever the backoff would be', async t => {
  const collector = await startCollector(t, (response, number) => {
    if (number === 0) response.writeHead(429, { 'retry-after': '7' }).end()
    else response.writeHead(ok).end()
  })
  const { pipeline, waits, idle } = start(t, collector.url)
  record(pipeline, 1)
  await idle()
  t.strictSame(waits, [7000])
  t.equal(account(t, pipeline).exported, 1)
})

t.test('a wait that would end past the time for retries is not begun', async t => {
  const collector = await startCollector(t, response =>
    response.writeHead(503, { 'retry-after': '60' }).end()
  )
  let now = 0
  const waits: number[] = []
  const wait = async (ms: number) => {
    waits.push(ms)
    now += ms
  }
  const { pipeline, idle } = start(t, collector.url, {
    patience: { now: () => now, wait, retryForMs: 120_000 }
  })
  record(pipeline, 1)
  await idle()
  t.strictSame(waits, [60_000, 60_000])
  t.strictSame(account(t, pipeline).dropped, { retry_exhausted: 1 })
})

t.test('after a refusal the next batch goes on, and recovery is said once', async t => {
  const collector = await startCollector(t, (response, number) =>
    response.writeHead(number === 0 ? 400 : ok).end('no such tenant')
  )
  const { pipeline, said, idle } = start(t, collector.url)
  for (let i = 0; i < 3; i++) {
    record(pipeline, 2)
    await idle()
  }
  t.strictSame(account(t, pipeline), {
    recorded: 6,
    exported: 4,
    rejected: 0,
    dropped: { refused: 2 },
    queued: 0
  })
  t.strictSame(said, ['spans do not get out', 'spans get out again'])
})

t.test('partial success: what was rejected is counted and never sent again', async t => {
  const collector = await startCollector(t, (response, number) =>
    response.writeHead(ok).end(encodePartialSuccess(number === 0 ? 3 : 999, 'quota'))
  )
  const { pipeline, idle } = start(t, collector.url)
  record(pipeline, 10)
  await idle()
  t.match(account(t, pipeline), { exported: 7, rejected: 3 })
  record(pipeline, 10)
  await idle()
  t.match(account(t, pipeline), { exported: 7, rejected: 13 }, 'no more than were sent')
  t.equal(collector.requests.length, 2)
})

t.test('a 200 with garbage, or with more than anybody wants to read, is a 200', async t => {
  const answers = [Buffer.from('<html>'), Buffer.from([0x0a, 0xff, 0xff]), Buffer.alloc(5_000_000, 0x0a)]
  const collector = await startCollector(t, (response, number) => response.writeHead(ok).end(answers[number]))
  const { pipeline, idle } = start(t, collector.url)
  for (let i = 0; i < answers.length; i++) {
    record(pipeline, 4)
    await idle()
  }
  t.strictSame(account(t, pipeline), { recorded: 12, exported: 12, rejected: 0, dropped: {}, queued: 0 })
})

t.test('a server that does not speak HTTP is no answer', async t => {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.end('SSH-2.0-OpenSSH_9.9\r\n')
  })
  const { pipeline, idle } = start(t, `http://127.0.0.1:${await portFor(server)}/`)
  t.teardown(() => server.close())
  record(pipeline, 1)
  await idle()
  t.strictSame(account(t, pipeline).dropped, { retry_exhausted: 1 })
})
