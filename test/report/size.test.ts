// What a span costs on the wire, by which people reckon what tracing costs them: requests a second × rate × bytes.
import t, { type Test } from 'tap'
import { createLog } from '../../src/report/log.ts'
import { createPipelines } from '../../src/report/pipelines.ts'
import type { ExporterSettings } from '../../src/rules/rules.ts'
import { resource } from '../span.ts'
import { startCollector } from './collector.ts'
import { mixedRequests } from './mix.ts'

const requests = mixedRequests(2000)

/** Bytes of a span, sent as the gateway sends them. */
async function bytesOfSpan(
  t: Test,
  kind: 'otlp' | 'otlp-json' | 'zipkin',
  compression: 'gzip' | 'none'
): Promise<number> {
  const collector = await startCollector(t, response => response.end())
  const settings: ExporterSettings = {
    kind,
    name: kind,
    url: collector.url,
    headers: {},
    compression,
    timeoutMs: 5000
  }
  const log = createLog({ level: 'error', write: () => {} })
  const pipelines = createPipelines([settings], resource, { stdout: (_, done) => done(), log })
  for (const spans of requests) pipelines.record(spans, false)
  // It sends the rest without waiting for more.
  await pipelines.close()
  const { exported = 0, bytes = 0 } = pipelines.counts().get(kind) ?? {}
  t.equal(exported, 4000)
  t.equal(
    collector.requests.reduce((sum, { body }) => sum + body.length, 0),
    bytes,
    'what is counted is what came'
  )
  return bytes / exported
}

t.test('a span of OTLP takes 500 bytes at most, and 100 compressed', async t => {
  const raw = await bytesOfSpan(t, 'otlp', 'none')
  const packed = await bytesOfSpan(t, 'otlp', 'gzip')
  t.comment(`${raw.toFixed(1)} bytes, ${packed.toFixed(1)} compressed`)
  t.ok(raw <= 500, `${raw} bytes`)
  t.ok(packed <= 100, `${packed} bytes`)
})

t.test('in JSON it is larger, compressed not by much', async t => {
  for (const kind of ['otlp-json', 'zipkin'] as const) {
    const raw = await bytesOfSpan(t, kind, 'none')
    const packed = await bytesOfSpan(t, kind, 'gzip')
    t.comment(`${kind}: ${raw.toFixed(1)} bytes, ${packed.toFixed(1)} compressed`)
    t.ok(raw <= 1100, `${raw} bytes`)
    t.ok(packed <= 120, `${packed} bytes`)
  }
})
