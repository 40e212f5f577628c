// What a back end that fails is spared, and what its spans are.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { otlp } from '../../src/exporters/index.ts'
import type { Patience } from '../../src/report/delivery.ts'
import { decodeRequest } from '../receiver.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'
import { account, type PipedOptions, record, startPipeline } from './piped.ts'

const batch = 10

/** A pipeline whose pauses end when the test says so, and which counts what it encodes. */
function start(t: Test, url: string, options: PipedOptions = {}) {
  const pauses: { readonly ms: number; readonly end: () => void }[] = []
  let encoded = 0
  const exporter: typeof otlp = {
    ...otlp,
    encode: (...args) => {
      encoded++
      return otlp.encode(...args)
    }
  }
  const patience: Partial<Patience> = {
    random: () => 0.5,
    wait: (ms, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      pauses.push({ ms, end: resolve })
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
      return promise
    }
  }
  const piped = startPipeline(t, url, { exporter, batch, patience, ...options })
  /** Ends all pauses, and begins a count anew. */
  const resume = () => {
    for (const { end } of pauses.splice(0)) end()
  }
  return { ...piped, pauses, resume, encoded: () => encoded }
}

/** Lets everything happen that needs no more than the event loop. */
async function settle(): Promise<void> {
  await sleep(30)
}

t.test('five failures in a row open the circuit: one batch probes, nothing else is encoded', async t => {
  let status = 503
  let atOnce = 0
  let most = 0
  const collector = await startCollector(t, response => {
    most = Math.max(most, ++atOnce)
    setTimeout(() => {
      atOnce--
      response.writeHead(status).end()
    }, 5)
  })
  const { pipeline, pauses, resume, encoded, idle } = start(t, collector.url)
  record(pipeline, 100)
  for (let failures = 2; failures <= 4; failures += 2) {
    await until(() => pauses.length === 2, 'both batches failed')
    t.notOk(pipeline.counts().open, `${failures} failures`)
    resume()
  }
  await until(() => pipeline.counts().open && pauses.length === 2, 'it opens')
  t.equal(most, 2)
  most = 0
  for (let probe = 0; probe < 4; probe++) {
    record(pipeline, 500)
    const before = collector.requests.length
    resume()
    await until(() => pauses.length === 1, 'the probe failed')
    t.equal(collector.requests.length, before + 1)
  }
  t.equal(most, 1)
  t.equal(encoded(), 2, 'the two that were under way when it began')
  t.match(account(t, pipeline), { recorded: 2100, queued: 2100 }, 'all others wait')
  status = 200
  resume()
  await idle()
  t.match(account(t, pipeline), { recorded: 2100, exported: 2100 })
  t.notOk(pipeline.counts().open)
})

t.test('backoffs double, with the dice, up to thirty seconds, whichever batch fails', async t => {
  const collector = await startCollector(t, response => response.writeHead(503).end())
  const { pipeline, pauses, resume } = start(t, collector.url)
  record(pipeline, 1)
  const seen: number[] = []
  for (let i = 0; i < 8; i++) {
    await until(() => pauses.length === 1, 'a pause')
    seen.push(pauses[0]?.ms ?? 0)
    resume()
  }
  t.strictSame(seen, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
})

t.test('a back end that refuses everything costs a batch each time it is probed, not the queue', async t => {
  let status = 401
  const collector = await startCollector(t, response => response.writeHead(status).end())
  const { pipeline, pauses, resume, idle } = start(t, collector.url, { concurrency: 1 })
  record(pipeline, 1000)
  await until(() => pipeline.counts().open, 'it opens')
  await settle()
  t.match(account(t, pipeline), { dropped: { refused: 5 * batch }, queued: 1000 - 5 * batch })
  t.equal(pauses.length, 1)
  resume()
  await until(() => pauses.length === 1, 'the probe failed')
  await settle()
  t.equal(collector.requests.length, 6)
  t.match(account(t, pipeline).dropped, { refused: 6 * batch })
  status = 200
  resume()
  await idle()
  t.match(account(t, pipeline), { exported: 1000 - 6 * batch })
})

t.test('Retry-After holds for the back end, not only for the batch that heard it', async t => {
  const collector = await startCollector(t, (response, number) => {
    if (number === 0) response.writeHead(429, { 'retry-after': '20' }).end()
    else response.writeHead(200).end()
  })
  const { pipeline, pauses, resume, idle } = start(t, collector.url)
  record(pipeline, 300)
  await until(() => pauses.length === 1, 'it was asked to wait')
  await settle()
  t.strictSame(
    pauses.map(({ ms }) => ms),
    [20_000]
  )
  t.ok(collector.requests.length <= 2, 'the other batch was under way')
  resume()
  await idle()
  t.match(account(t, pipeline), { exported: 300 })
})

t.test('a back end that says "again at once" is believed four times', async t => {
  const collector = await startCollector(t, response => response.writeHead(429, { 'retry-after': '0' }).end())
  const { pipeline, pauses, resume } = start(t, collector.url)
  record(pipeline, 1)
  const seen: number[] = []
  for (let i = 0; i < 6; i++) {
    await until(() => pauses.length === 1, 'a pause')
    seen.push(pauses[0]?.ms ?? -1)
    resume()
  }
  t.strictSame(seen, [0, 0, 0, 0, 8000, 15_000])
})

t.test('a batch that never gets through does not keep others from it', async t => {
  const bodies: number[] = []
  const collector = await startCollector(t, (response, number) => {
    const spans = decodeRequest(collector.requests[number]?.body ?? Buffer.alloc(0)).length
    bodies.push(spans)
    response.writeHead(spans === 3 ? 503 : 200).end()
  })
  const piped = startPipeline(t, collector.url, { batch })
  record(piped.pipeline, 3)
  await until(() => bodies.length > 0, 'the bad one was tried')
  record(piped.pipeline, 1000)
  await piped.idle()
  t.strictSame(account(t, piped.pipeline), {
    ...{ recorded: 1003, exported: 1000, rejected: 0, queued: 0 },
    dropped: { retry_exhausted: 3 }
  })
})

t.test('close() does not sit out a backoff, for the back end may be well again', async t => {
  let status = 503
  const collector = await startCollector(t, response => response.writeHead(status).end())
  const { pipeline, pauses, resume } = start(t, collector.url)
  record(pipeline, 100)
  await until(() => {
    if (!pipeline.counts().open) resume()
    return pipeline.counts().open
  }, 'it opens')
  await until(() => pauses.length > 0, 'it pauses')
  await settle()
  status = 200
  // Its pauses would not end before that.
  await pipeline.close(60_000)
  t.match(account(t, pipeline), { exported: 100, dropped: {} })
})

t.test('a last try that fails is not followed by a storm of others', async t => {
  const collector = await startCollector(t, response => response.writeHead(503).end())
  const { pipeline, pauses } = start(t, collector.url)
  record(pipeline, 5)
  await until(() => pauses.length === 1, 'the first failure')
  const closed = pipeline.close(60_000)
  await until(() => pauses.length >= 2, 'the last try failed')
  await settle()
  t.equal(collector.requests.length, 2)
  await pipeline.close(20)
  await closed
  t.match(account(t, pipeline), { dropped: { shutdown: 5 } })
  t.match(
    pipeline.counts(),
    { open: false, capacity: 0, queuedBytes: 0 },
    'a closed pipeline leaves no gauge behind'
  )
})
