// What a span costs: nanoseconds on the event loop from the end of its request to bytes, and bytes on the wire.
import { constants, gzipSync } from 'node:zlib'
import type { Exporter } from '../../src/exporters/exporter.ts'
import { otlp } from '../../src/exporters/otlp.ts'
import { otlpJson } from '../../src/exporters/otlp-json.ts'
import { zipkin } from '../../src/exporters/zipkin.ts'
import { Queue } from '../../src/report/queue.ts'
import { spansOf } from '../../src/report/spans.ts'
import { mixedOutcomes, mixedRequests } from '../report/mix.ts'
import { resource } from '../span.ts'
import type { SpanCost } from './numbers.ts'

/** As a pipeline sends them. */
const batch = 128
const room = { spans: 8192, bytes: 16 * 1024 * 1024 }

const measured = [otlp, otlpJson, zipkin]

/**
 * `requests` of two spans each, in so many rounds after one to warm up. Recording is making the spans of a request and
 * putting them into the queue; both times are for each span.
 */
export function benchSpans(rounds: number, requests: number): readonly SpanCost[] {
  const outcomes = mixedOutcomes(requests).map(({ outcome }) => outcome)
  const queue = new Queue({ ...room, spans: 2 * requests })
  const record: number[] = []
  const took = new Map(measured.map(exporter => [exporter, [] as number[]]))
  for (let round = -1; round < rounds; round++) {
    const began = process.hrtime.bigint()
    for (const outcome of outcomes) queue.push(spansOf(outcome), false)
    const each = Number(process.hrtime.bigint() - began) / (2 * requests)
    if (round >= 0) record.push(each)
    const batches = []
    for (let spans = queue.take(batch); spans.length > 0; spans = queue.take(batch)) batches.push(spans)
    for (const [{ encode }, figures] of took) {
      const begin = process.hrtime.bigint()
      let bytes = 0
      for (const spans of batches) bytes += encode(spans, resource).length
      const each = Number(process.hrtime.bigint() - begin) / (2 * requests)
      // The bytes are used, so that no compiler may leave the work out.
      if (bytes === 0) throw new Error('nothing was encoded')
      if (round >= 0) figures.push(each)
    }
  }
  return measured.map(exporter => ({
    name: exporter === otlpJson ? 'otlp, encoding: json' : exporter.name,
    recordNs: record,
    encodeNs: took.get(exporter) ?? [],
    ...weigh(exporter, requests)
  }))
}

/** With ids that are random, as those of tests are not. */
function weigh(
  { encode }: Exporter,
  requests: number
): { readonly bytes: number; readonly packedBytes: number } {
  const spans = mixedRequests(requests).flat()
  let bytes = 0
  let packedBytes = 0
  for (let at = 0; at < spans.length; at += batch) {
    const body = encode(spans.slice(at, at + batch), resource)
    bytes += body.length
    packedBytes += gzipSync(body, { level: constants.Z_BEST_SPEED }).length
  }
  return { bytes: bytes / spans.length, packedBytes: packedBytes / spans.length }
}
