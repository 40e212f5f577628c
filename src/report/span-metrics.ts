// What became of the spans of each exporter, as metrics. It is read where it is kept.
import type { Counts } from './counts.ts'
import { createReading, type Family } from './series.ts'

/** recorded = exported + rejected + dropped + queued, at any moment. */
export function spanFamilies(counts: () => ReadonlyMap<string, Counts>): readonly Family[] {
  return [
    createReading(
      'counter',
      'tracebridge_spans',
      'Spans by what became of them: exported, rejected by the back end, or dropped for a reason.',
      ['exporter', 'outcome', 'reason'],
      () =>
        [...counts()].flatMap(([exporter, { exported, rejected, dropped }]) => [
          [[exporter, 'exported', ''], exported] as const,
          [[exporter, 'rejected', ''], rejected] as const,
          ...[...dropped].map(([reason, count]) => [[exporter, 'dropped', reason], count] as const)
        ])
    ),
    createReading('counter', 'tracebridge_spans_recorded', 'Spans handed to an exporter.', ['exporter'], () =>
      [...counts()].map(([exporter, { recorded }]) => [[exporter], recorded])
    ),
    createReading('counter', 'tracebridge_spans_bytes', 'Bytes of spans as sent.', ['exporter'], () =>
      [...counts()].map(([exporter, { bytes }]) => [[exporter], bytes])
    ),
    createReading(
      'gauge',
      'tracebridge_span_bytes',
      'Bytes sent for each span that a back end took, on average since the start.',
      ['exporter'],
      () =>
        [...counts()].flatMap(([exporter, { exported, rejected, bytes }]) =>
          exported + rejected === 0 ? [] : [[[exporter], bytes / (exported + rejected)] as const]
        )
    ),
    createReading(
      'gauge',
      'tracebridge_spans_queued',
      'Spans that wait or are under way.',
      ['exporter'],
      () => [...counts()].map(([exporter, { queued }]) => [[exporter], queued])
    ),
    createReading(
      'gauge',
      'tracebridge_spans_queued_bytes',
      'Memory of spans that wait or are under way, roughly.',
      ['exporter'],
      () => [...counts()].map(([exporter, { queuedBytes }]) => [[exporter], queuedBytes])
    ),
    createReading(
      'gauge',
      'tracebridge_spans_capacity',
      'Spans that an exporter has room for.',
      ['exporter'],
      () => [...counts()].map(([exporter, { capacity }]) => [[exporter], capacity])
    ),
    createReading(
      'gauge',
      'tracebridge_exporter_circuit_open',
      'Whether a back end is only probed, after five failures in a row: 1 or 0.',
      ['exporter'],
      () => [...counts()].map(([exporter, { open }]) => [[exporter], open ? 1 : 0])
    )
  ]
}
