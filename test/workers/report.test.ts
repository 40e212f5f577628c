import t from 'tap'
import { metricFamilies } from '../../docs/tables.ts'
import { createCounter, createHistogram, createReading, type Family } from '../../src/report/series.ts'
import { bury, type Counted, counted, meanRates, merge } from '../../src/workers/report.ts'

function reading(name: string, value: number, labels: readonly string[] = []): readonly Counted[] {
  const names = labels.map((_, index) => `label${index}`)
  return counted([createReading('gauge', name, '', names, () => [[labels, value]])])
}

function valuesOf(families: readonly Counted[]): Record<string, number> {
  const values: Record<string, number> = {}
  for (const { name, samples } of families) {
    for (const { suffix, labels, le, value } of samples) {
      values[
        [name + suffix, ...labels.map(([, text]) => text), ...(le === undefined ? [] : [le])].join(' ')
      ] = value
    }
  }
  return values
}

t.test('counters and histograms of several processes add up, series by series', async t => {
  const made = (route: string, seconds: number): readonly Family[] => {
    const requests = createCounter('requests', '', ['route'])
    const durations = createHistogram('durations', '', ['route'], [1, 5])
    requests.add(['all'], 2)
    requests.add([route])
    durations.observe(['all'], seconds)
    return [requests, durations]
  }
  t.strictSame(valuesOf(merge([counted(made('a', 0.5)), counted(made('b', 3))])), {
    'requests_total all': 4,
    'requests_total a': 1,
    'requests_total b': 1,
    'durations_bucket all 1': 1,
    'durations_bucket all 5': 2,
    'durations_bucket all +Inf': 2,
    'durations_sum all': 3.5,
    'durations_count all': 2
  })
})

t.test('the newest example stands for a bucket', async t => {
  const made = (at: number) => {
    const durations = createHistogram('durations', '', [], [1])
    durations.observe([], 0.5, { traceId: String(at), spanId: '', at })
    return counted([durations])
  }
  for (const order of [
    [1, 2],
    [2, 1]
  ]) {
    t.match(merge(order.map(made))[0]?.samples[0], { value: 2, exemplar: { traceId: '2' } })
  }
})

t.test('gauges are a sum, or the most, the least or the mean where a sum says nothing', async t => {
  for (const [name, expected] of [
    ['tracebridge_requests_in_flight', 10],
    ['tracebridge_overload_level', 7],
    ['tracebridge_rules_loaded_timestamp_seconds', 1],
    ['tracebridge_sampling_rate', 10 / 3]
  ] as const) {
    const merged = merge([reading(name, 2), reading(name, 7), reading(name, 1)])
    t.strictSame(valuesOf(merged), { [name]: expected })
  }
})

// A new gauge has to be thought about: here, or among the ways of src/workers/report.ts.
const sums = new Set([
  'tracebridge_spans_queued',
  'tracebridge_spans_queued_bytes',
  'tracebridge_spans_capacity',
  'tracebridge_requests_in_flight',
  'tracebridge_upgraded_connections',
  'tracebridge_connections',
  'tracebridge_upstream_connections',
  'tracebridge_upstream_requests',
  'tracebridge_upstream_requests_waiting',
  'tracebridge_captures_held',
  'tracebridge_captures_held_bytes',
  'tracebridge_workers',
  'tracebridge_workers_silent',
  'process_resident_memory_bytes'
])

t.test('it is known of every gauge what several of it come to', async t => {
  for (const { name, type } of metricFamilies()) {
    if (type !== 'gauge') continue
    const [value] = Object.values(valuesOf(merge([reading(name, 4), reading(name, 4)])))
    t.equal(value === 8, sums.has(name), `${name}: say how workers add up in this metric`)
  }
})

t.test('what a process had counted outlives it, what it was doing does not', async t => {
  const requests = createCounter('requests', '', [])
  requests.add([], 5)
  const gone = [...counted([requests]), ...reading('busy', 3)]
  const graves = bury(bury([], gone), gone)
  t.strictSame(valuesOf(graves), { requests_total: 10 })
  t.strictSame(valuesOf(merge([graves, gone])), { requests_total: 15, busy: 3 })
})

t.test('the rate of a route is the mean of all workers', async t => {
  t.strictSame(
    meanRates([
      [
        ['a', '', 0.2],
        ['b', 'gray', 1]
      ],
      [['a', '', 0.4]]
    ]).map(([route, tag, rate]) => [route, tag, rate.toFixed(3)]),
    [
      ['a', '', '0.300'],
      ['b', 'gray', '1.000']
    ]
  )
})
