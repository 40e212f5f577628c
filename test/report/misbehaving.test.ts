// Back ends of every kind of ill will. While they have it the sum closes and memory is bounded, at every moment; when
// they are well again, spans arrive.
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Pipeline } from '../../src/report/pipeline.ts'
import { makeSpan, makeSpans } from '../span.ts'
import { until } from '../until.ts'
import { type Mood, type Moody, moods, startMoody, timeoutMs } from './moody.ts'
import { account, closes, startPipeline } from './piped.ts'

const room = { capacity: 400, capacityBytes: 400_000 }
const batch = 16
// A batch that is encoded may weigh more than its spans did.
const slack = 2 * batch * 1000

function start(t: Test, url: string) {
  return startPipeline(t, url, {
    ...room,
    batch,
    timeoutMs,
    // Pauses of real length would take minutes; Retry-After's second is cut, too.
    patience: {
      tries: 20,
      wait: (ms, signal) => sleep(Math.min(ms / 100, 20), undefined, { signal }).catch(() => {})
    }
  })
}

/** Requests of one to four spans, every eighth urgent, a few in each turn; what was not in order at some moment. */
async function traffic(pipeline: Pipeline, requests: number): Promise<string[]> {
  const wrong: string[] = []
  const look = (when: string) => {
    const { queued, queuedBytes } = pipeline.counts()
    if (!closes(pipeline)) wrong.push(`${when}: the sum does not close`)
    if (queued > room.capacity) wrong.push(`${when}: ${queued} spans`)
    if (queuedBytes > room.capacityBytes + slack) wrong.push(`${when}: ${queuedBytes} bytes`)
  }
  for (let i = 0; i < requests; i++) {
    pipeline.record(makeSpans(1 + (i % 4)), i % 8 === 0)
    look('after a record')
    if (i % 10 !== 0) continue
    await new Promise(setImmediate)
    look('after a turn')
  }
  return wrong
}

/** A span recorded now arrives, and all others are accounted for. */
async function recovers(
  t: Test,
  collector: Moody,
  { pipeline, idle }: ReturnType<typeof start>
): Promise<void> {
  await collector.become('healthy')
  await until(() => !pipeline.counts().open, 'the circuit closes')
  const last = makeSpan()
  pipeline.record([last], false)
  await until(() => collector.seen.has(last.spanId), 'a new span arrives')
  await idle()
  const { exported } = account(t, pipeline)
  t.ok(exported > 0 && exported <= collector.seen.size, 'what counts as exported came')
}

for (const mood of moods) {
  t.test(`${mood}: the sum closes, memory is bounded, and spans flow afterwards`, async t => {
    const collector = await startMoody(t)
    const piped = start(t, collector.url)
    t.strictSame(await traffic(piped.pipeline, 20), [])
    await piped.idle()
    await collector.become(mood)
    const { recorded } = piped.pipeline.counts()
    t.strictSame(await traffic(piped.pipeline, 400), [])
    t.equal(piped.pipeline.counts().recorded, recorded + 1000)
    if (mood !== 'refusing') await until(() => collector.met() > 0, 'it had its way with a batch')
    t.strictSame(await traffic(piped.pipeline, 100), [])
    await recovers(t, collector, piped)
  })
}

t.test('moods that follow one another at random', async t => {
  const phase = fc.record({
    mood: fc.constantFrom<Mood>('healthy', ...moods),
    requests: fc.nat({ max: 150 }),
    ms: fc.nat({ max: 60 })
  })
  await fc.assert(
    fc.asyncProperty(fc.array(phase, { minLength: 3, maxLength: 8 }), async phases => {
      await t.test(phases.map(({ mood }) => mood).join(', '), async t => {
        const collector = await startMoody(t)
        const piped = start(t, collector.url)
        for (const { mood, requests, ms } of phases) {
          await collector.become(mood)
          t.strictSame(await traffic(piped.pipeline, requests), [])
          await sleep(ms)
          t.ok(closes(piped.pipeline))
        }
        await recovers(t, collector, piped)
      })
    }),
    // A smaller sequence says no more than the one that failed, whose moods are the name of its test.
    { numRuns: 8, endOnFailure: true }
  )
})
