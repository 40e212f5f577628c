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
 * putting them into the queue; a batch is encoded as soon as it is whole, as in a pipeline. Both times are for each span.
 */
export function benchSpans(rounds: number, requests: number): readonly SpanCost[] {
  const outcomes = mixedOutcomes(requests).map(({ outcome }) => outcome)
  return measured.map(exporter => {
    const queue = new Queue(room)
    const recordNs: number[] = []
    const encodeNs: number[] = []
    for (let round = -1; round < rounds; round++) {
      let recording = 0
      let encoding = 0
      let bytes = 0
      for (let at = 0; at < outcomes.length; at += batch / 2) {
        const began = now()
        for (const outcome of outcomes.slice(at, at + batch / 2)) queue.push(spansOf(outcome), false)
        const recorded = now()
        bytes += exporter.encode(queue.take(batch), resource).length
        encoding += now() - recorded
        recording += recorded - began
      }
      // The bytes are used, so that no compiler may leave the work out.
      if (bytes === 0) throw new Error('nothing was encoded')
      if (round < 0) continue
      recordNs.push(recording / (2 * requests))
      encodeNs.push(encoding / (2 * requests))
    }
    const name = exporter === otlpJson ? 'otlp, encoding: json' : exporter.name
    return { name, recordNs, encodeNs, ...weigh(exporter, requests) }
  })
}

/** Nanoseconds. */
function now(): number {
  return Number(process.hrtime.bigint())
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
