import t, { type Test } from 'tap'
import { createLog } from '../../src/report/log.ts'
import { createPipelines, type PipelinesIo } from '../../src/report/pipelines.ts'
import type { ExporterSettings } from '../../src/rules/rules.ts'
import { startReceiver } from '../receiver.ts'
import { makeSpan, makeSpans, resource } from '../span.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'

function otlpTo(url: string, name = 'otlp'): ExporterSettings {
  return { kind: 'otlp', name, url, headers: { 'x-tenant': 'a' }, compression: 'gzip', timeoutMs: 5000 }
}

function io(limits: PipelinesIo['limits'] = { intervalMs: 5 }) {
  const printed: string[] = []
  const stdout: PipelinesIo['stdout'] = (bytes, done) => {
    printed.push(bytes.toString())
    done()
  }
  return { printed, stdout, log: createLog({ level: 'error', write: () => {} }), limits }
}

async function receiver(t: Test) {
  const started = await startReceiver()
  t.teardown(started.close)
  return started
}

t.test('every back end gets every span', async t => {
  const one = await receiver(t)
  const two = await receiver(t)
  const world = io()
  const settings = [otlpTo(one.url), otlpTo(two.url, 'otlp-2'), { kind: 'console', name: 'console' }] as const
  const pipelines = createPipelines(settings, resource, world)
  pipelines.record(makeSpans(3), false)
  t.equal((await one.received(3)).length, 3)
  t.equal((await two.received(3))[0]?.resource.get('service.name'), 'shop-gateway')
  t.match(one.requests[0]?.headers, { 'x-tenant': 'a', 'content-encoding': 'gzip' })
  await pipelines.close()
  t.equal(world.printed.join('').trimEnd().split('\n').length, 3)
  t.strictSame(
    [...pipelines.counts()].map(([name, { exported }]) => [name, exported]),
    [
      ['otlp', 3],
      ['otlp-2', 3],
      ['console', 3]
    ]
  )
})

t.test('with no back end a span goes nowhere, cheaply', async t => {
  const pipelines = createPipelines([], resource, io())
  pipelines.record([makeSpan()], false)
  t.equal(pipelines.counts().size, 0)
  await pipelines.close()
})

t.test('a reload with equal settings keeps the queue', async t => {
  const one = await receiver(t)
  const world = io({ intervalMs: 1e8 })
  const pipelines = createPipelines([otlpTo(one.url)], resource, world)
  pipelines.record([makeSpan()], false)
  const after = createPipelines([otlpTo(one.url)], { ...resource }, world, pipelines)
  t.equal(after, pipelines, 'requests under way record where new ones do')
  t.match(pipelines.counts().get('otlp'), { recorded: 1, queued: 1 })
  after.record([makeSpan()], false)
  await after.close()
  t.equal(one.requests.length, 1, 'both went in one batch')
})

t.test('a reload that changes a back end sends what it held, and its counters go on', async t => {
  const one = await receiver(t)
  const two = await receiver(t)
  const world = io({ intervalMs: 1e8 })
  const pipelines = createPipelines([otlpTo(one.url)], resource, world)
  pipelines.record([makeSpan()], false)
  pipelines.reload([otlpTo(two.url)], resource)
  pipelines.record([makeSpan()], false)
  t.match(pipelines.counts().get('otlp'), { recorded: 2 }, 'at once')
  await one.received(1)
  await until(() => pipelines.counts().get('otlp')?.exported === 1, 'the old pipeline has sent its span')
  await pipelines.close()
  t.equal(two.spans().length, 1)
  t.match(pipelines.counts().get('otlp'), { recorded: 2, exported: 2, queued: 0, batches: 2 })
})

t.test('a changed service begins a new pipeline; a removed exporter keeps its counters', async t => {
  const one = await receiver(t)
  const pipelines = createPipelines([otlpTo(one.url)], resource, io({ intervalMs: 1e8 }))
  pipelines.record([makeSpan()], false)
  pipelines.reload([otlpTo(one.url)], { ...resource, version: '2' })
  pipelines.record([makeSpan()], false)
  pipelines.reload([], resource)
  await one.received(2)
  t.strictSame(
    one
      .spans()
      .map(span => span.resource.get('service.version'))
      .sort(),
    ['1.4.2', '2']
  )
  await pipelines.close()
  t.match(pipelines.counts().get('otlp'), { recorded: 2, exported: 2 })
})

t.test('an exporter that is gone has no room and no open circuit, whatever its end was like', async t => {
  const collector = await startCollector(t, response => response.writeHead(503).end())
  const patience = { wait: () => new Promise(resolve => setTimeout(resolve, 1)) }
  const pipelines = createPipelines([otlpTo(collector.url)], resource, io({ intervalMs: 5, patience }))
  pipelines.record([makeSpan()], true)
  const seen = () => pipelines.counts().get('otlp')
  await until(() => seen()?.open === true, 'the circuit opens')
  t.equal(seen()?.capacity, 8192)
  pipelines.reload([], resource)
  t.match(seen(), { open: true, queued: 1 }, 'it still tries')
  await pipelines.close(20)
  t.match(seen(), { open: false, capacity: 0, queued: 0, queuedBytes: 0, recorded: 1 })
})

t.test('a reload that cannot be is refused, and the old back ends stay', async t => {
  const one = await receiver(t)
  const pipelines = createPipelines([otlpTo(one.url)], resource, io())
  t.throws(() => pipelines.reload([otlpTo('not a url', 'otlp-2')], resource))
  pipelines.record([makeSpan()], false)
  t.equal((await one.received(1)).length, 1)
  await pipelines.close()
})

t.test('close() ends at its deadline though a reload left a pipeline that hangs', async t => {
  const collector = await startCollector(t, () => {})
  const pipelines = createPipelines([otlpTo(collector.url)], resource, io())
  pipelines.record([makeSpan()], false)
  await until(() => collector.requests.length === 1, 'a batch hangs')
  pipelines.reload([], resource)
  const before = performance.now()
  await pipelines.close(30)
  t.ok(performance.now() - before < 3000, 'not the five seconds of the reload')
  t.match(pipelines.counts().get('otlp'), { recorded: 1, queued: 0, dropped: new Map([['shutdown', 1]]) })
})

t.test('a stdout that is gone refuses the batch, one that stalls holds it', async t => {
  const gone = createPipelines([{ kind: 'console', name: 'console' }], resource, {
    ...io(),
    stdout: (_, done) => done(new Error('EPIPE'))
  })
  gone.record([makeSpan()], false)
  await gone.close()
  t.match(gone.counts().get('console'), { dropped: new Map([['refused', 1]]) })
  const stalled = createPipelines([{ kind: 'console', name: 'console' }], resource, {
    ...io(),
    stdout: () => {}
  })
  stalled.record([makeSpan()], false)
  await stalled.close(10)
  t.match(stalled.counts().get('console'), { dropped: new Map([['shutdown', 1]]) })
})
