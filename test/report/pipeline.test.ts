// What becomes of spans, over real sockets to collectors of every temper.
import t from 'tap'
import { otlp } from '../../src/exporters/index.ts'
import { decodeRequest, encodePartialSuccess } from '../receiver.ts'
import { makeSpan, makeSpans } from '../span.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'
import { account, closes, record, startPipeline as start } from './piped.ts'

const ok = 200

t.test('a healthy collector gets every span once, in batches', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline, idle } = start(t, collector.url)
  record(pipeline, 600)
  await idle()
  t.strictSame(account(t, pipeline), { recorded: 600, exported: 600, rejected: 0, dropped: {}, queued: 0 })
  const batches = collector.requests.map(request => decodeRequest(request.body))
  t.equal(new Set(batches.flat().map(span => span.spanId)).size, 600)
  t.strictSame(
    batches.map(batch => batch.length).sort((a, b) => a - b),
    [88, 128, 128, 128, 128]
  )
  const { bytes, batches: taken } = pipeline.counts()
  t.equal(taken, 5)
  t.equal(
    bytes,
    collector.requests.reduce((sum, request) => sum + request.body.length, 0),
    'bytes are those on the wire'
  )
})

t.test('a lone span leaves when the interval is over, a full batch at once', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const soon = start(t, collector.url, { intervalMs: 5 })
  record(soon.pipeline, 1)
  t.equal(soon.pipeline.counts().queued, 1, 'it waits for company')
  await soon.idle()
  const never = start(t, collector.url, { intervalMs: 1e8, batch: 10 })
  record(never.pipeline, 10)
  await never.idle()
  t.strictSame(
    collector.requests.map(request => decodeRequest(request.body).length),
    [1, 10]
  )
})

t.test('record() returns before anything is encoded or sent', async t => {
  let encoded = 0
  const exporter = {
    ...otlp,
    encode: (...args: Parameters<typeof otlp.encode>) => {
      encoded++
      return otlp.encode(...args)
    }
  }
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline, idle } = start(t, collector.url, { exporter, batch: 4 })
  record(pipeline, 40)
  t.equal(encoded, 0)
  await idle()
  t.equal(encoded, 10)
})

t.test('a slow collector has two batches at once, the queue holds the rest, and all arrive', async t => {
  const open: (() => void)[] = []
  const collector = await startCollector(t, response => open.push(() => response.writeHead(ok).end()))
  const { pipeline, idle } = start(t, collector.url, { batch: 10 })
  record(pipeline, 50)
  await until(() => open.length === 2, 'two batches are under way')
  record(pipeline, 1)
  t.match(account(t, pipeline), { recorded: 51, exported: 0, queued: 51 })
  t.equal(collector.requests.length, 2)
  const finish = setInterval(() => open.shift()?.(), 1)
  t.teardown(() => clearInterval(finish))
  await idle()
  t.match(account(t, pipeline), { exported: 51, queued: 0 })
})

t.test('a thousand spans and fifty places: fifty are held, 950 dropped, the youngest stay', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline, idle } = start(t, collector.url, { capacity: 50 })
  const spans = makeSpans(1000)
  for (const span of spans) pipeline.record([span], false)
  t.strictSame(account(t, pipeline), {
    recorded: 1000,
    exported: 0,
    rejected: 0,
    dropped: { queue_full: 950 },
    queued: 50
  })
  await idle()
  t.strictSame(
    decodeRequest(collector.requests[0]?.body ?? Buffer.alloc(0)).map(span => span.spanId),
    spans.slice(950).map(span => span.spanId)
  )
})

t.test('what is under way takes places too', async t => {
  const collector = await startCollector(t, () => {})
  const { pipeline } = start(t, collector.url, { capacity: 50, batch: 20 })
  record(pipeline, 40)
  await until(() => collector.requests.length === 2, 'two batches are under way')
  record(pipeline, 1000)
  t.strictSame(account(t, pipeline), {
    recorded: 1040,
    exported: 0,
    rejected: 0,
    dropped: { queue_full: 990 },
    queued: 50
  })
})

t.test('large spans are held by their weight, not their number', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline } = start(t, collector.url, { capacityBytes: 100_000, intervalMs: 1e8 })
  for (let i = 0; i < 100; i++)
    pipeline.record([makeSpan({ attributes: ['url.query', 'q'.repeat(9000)] })], false)
  t.match(account(t, pipeline), { dropped: { queue_full: 90 }, queued: 10 })
  pipeline.record([makeSpan({ name: 'x'.repeat(200_000) })], false)
  t.match(
    account(t, pipeline),
    { dropped: { queue_full: 91 }, queued: 10 },
    'nobody makes way for the impossible'
  )
})

t.test('a body beyond the limit, or one that cannot be encoded, is dropped with its reason', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const large = start(t, collector.url, { bodyLimit: 1000 })
  large.pipeline.record([makeSpan({ name: 'x'.repeat(2000) })], false)
  await large.idle()
  t.strictSame(account(t, large.pipeline).dropped, { too_large: 1 })
  const encode = () => {
    throw new Error('a bug')
  }
  const broken = start(t, collector.url, { exporter: { ...otlp, encode }, batch: 1 })
  record(broken.pipeline, 9)
  await broken.idle()
  t.strictSame(account(t, broken.pipeline).dropped, { encode: 9 })
  t.equal(collector.requests.length, 0)
})

t.test('close() sends what waits', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline } = start(t, collector.url, { intervalMs: 1e8 })
  record(pipeline, 700)
  await pipeline.close()
  t.strictSame(account(t, pipeline), { recorded: 700, exported: 700, rejected: 0, dropped: {}, queued: 0 })
  record(pipeline, 2)
  t.match(account(t, pipeline), { recorded: 702, dropped: { shutdown: 2 } }, 'later spans are accounted for')
})

t.test('close() ends at its deadline, and says what was lost', async t => {
  const collector = await startCollector(t, () => {})
  const { pipeline, post, said } = start(t, collector.url, { batch: 10 })
  record(pipeline, 35)
  const slow = pipeline.close(60_000)
  await pipeline.close(20)
  await slow
  const lost = { recorded: 35, exported: 0, rejected: 0, dropped: { shutdown: 35 }, queued: 0 }
  t.strictSame(account(t, pipeline), lost)
  t.strictSame(said, ['spans were lost at the end'])
  await post.close()
  await new Promise(setImmediate)
  t.strictSame(account(t, pipeline), lost, 'a batch that comes back later is not counted twice')
})

t.test('close() does not sit out a wait between tries beyond its deadline', async t => {
  const collector = await startCollector(t, response =>
    response.writeHead(503, { 'retry-after': '60' }).end()
  )
  const { pipeline } = start(t, collector.url, { patience: {} })
  record(pipeline, 1)
  await until(() => collector.requests.length === 1, 'the first try')
  await pipeline.close(20)
  t.strictSame(account(t, pipeline).dropped, { shutdown: 1 })
})

t.test('the sum closes at every moment, whatever the collector does', async t => {
  const moods = [200, 503, 400, 200, 429, 504]
  let broken = 0
  const check = () => {
    if (!closes(pipeline) || pipeline.counts().queued > 100) broken++
  }
  const collector = await startCollector(t, (response, number) => {
    check()
    if (number % 7 === 3) response.destroy()
    else response.writeHead(moods[number % moods.length] ?? ok).end(encodePartialSuccess(number % 5))
  })
  const { pipeline, idle } = start(t, collector.url, {
    capacity: 100,
    batch: 8,
    patience: { tries: 2, wait: async () => {} }
  })
  for (let i = 0; i < 150; i++) {
    record(pipeline, 1 + (i % 13))
    check()
    await new Promise(setImmediate)
    check()
  }
  await idle()
  t.equal(broken, 0)
  const { exported, rejected, dropped } = account(t, pipeline)
  t.ok(exported > 0 && rejected > 0 && Object.keys(dropped).length >= 2, 'every outcome came about')
})

t.test('the spans of a request travel in one body', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  const { pipeline, idle } = start(t, collector.url, { batch: 8, concurrency: 1 })
  const requests = [3, 3, 3, 12, 1, 5].map(spans => makeSpans(spans))
  for (const spans of requests) pipeline.record(spans, false)
  pipeline.record([], false)
  await idle()
  const ids = (spans: readonly { readonly spanId: string }[]) => spans.map(({ spanId }) => spanId)
  const [a = [], b = [], c = [], d = [], e = [], f = []] = requests
  t.strictSame(
    collector.requests.map(({ body }) => ids(decodeRequest(body))),
    [ids([...a, ...b]), ids(c), ids(d), ids([...e, ...f])]
  )
})

t.test(
  'an outage leaves the errors of all of it, and the newest of the rest; errors go out first',
  async t => {
    let status = 503
    const collector = await startCollector(t, response => response.writeHead(status).end())
    const { pipeline, idle } = start(t, collector.url, {
      ...{ capacity: 100, batch: 10, concurrency: 1 },
      patience: { tries: 1e9, wait: () => new Promise(resolve => setTimeout(resolve, 1)) }
    })
    record(pipeline, 10)
    await until(() => pipeline.counts().open, 'the back end is down')
    const failed: string[] = []
    const fine: string[] = []
    for (let i = 0; i < 1000; i++) {
      const span = makeSpan()
      pipeline.record([span], i % 50 === 0)
      ;(i % 50 === 0 ? failed : fine).push(span.spanId)
    }
    t.match(account(t, pipeline), { recorded: 1010, dropped: { queue_full: 910 }, queued: 100 })
    status = ok
    const before = collector.requests.length
    await idle()
    const arrived = collector.requests.slice(before).flatMap(({ body }) => decodeRequest(body))
    t.strictSame(
      // The probe that got through was encoded before all of it.
      [...new Set(arrived.map(({ spanId }) => spanId))].slice(10),
      [...failed, ...fine.slice(-70)]
    )
  }
)

t.test('one batch is encoded in each turn of the event loop', async t => {
  const collector = await startCollector(t, response => response.writeHead(ok).end())
  let turn = 0
  let next = setImmediate(function count() {
    turn++
    next = setImmediate(count)
  })
  t.teardown(() => clearImmediate(next))
  const turns: number[] = []
  const exporter: typeof otlp = {
    ...otlp,
    encode: (...args) => {
      turns.push(turn)
      return otlp.encode(...args)
    }
  }
  const { pipeline, idle } = start(t, collector.url, { exporter, batch: 4, concurrency: 8 })
  record(pipeline, 400)
  await idle()
  t.equal(turns.length, 100)
  t.equal(new Set(turns).size, 100)
})

t.test(
  'what is let go of for too much work is accounted for, and afterwards spans get out again',
  async t => {
    const collector = await startCollector(t, response => response.writeHead(ok).end())
    const { pipeline, idle } = start(t, collector.url, { intervalMs: 5 })
    record(pipeline, 3)
    pipeline.shed(true)
    record(pipeline, 4)
    t.strictSame(account(t, pipeline), {
      recorded: 7,
      exported: 0,
      rejected: 0,
      dropped: { overload: 7 },
      queued: 0
    })
    pipeline.shed(false)
    record(pipeline, 2)
    await idle()
    t.match(account(t, pipeline), { recorded: 9, exported: 2, queued: 0 })
    await pipeline.close()
  }
)

t.test('who waits for the end is told when all is let go', async t => {
  const collector = await startCollector(t, () => {})
  const { pipeline } = start(t, collector.url, { intervalMs: 1e8, concurrency: 0 })
  record(pipeline, 3)
  const closed = pipeline.close(60_000)
  pipeline.shed(true)
  await closed
  t.strictSame(account(t, pipeline).dropped, { overload: 3 })
})
