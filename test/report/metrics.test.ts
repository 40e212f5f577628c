import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import type { Counts } from '../../src/report/counts.ts'
import { nothing } from '../../src/report/counts.ts'
import { createMetrics, type Gauges, type Metrics } from '../../src/report/metrics.ts'
import { version } from '../../src/version.ts'
import { policyOf, root } from '../mediate/policies.ts'
import { outcomeOf, routeOf, sampled, start, target, untraced } from './outcomes.ts'
import { parseMetrics, readingOf, type ScrapedFamily } from './prometheus-text.ts'

const openMetrics = 'application/openmetrics-text'

function metricsOf(differing: Partial<Gauges> = {}): Metrics {
  return createMetrics({
    inFlight: () => 3,
    upgraded: () => 0,
    draining: () => true,
    connections: () => [{ upstream: 'orders', target: 'http://orders:8080', open: 4, running: 2 }],
    linesLost: () => 5,
    rates: () => [
      ['/orders/{id}', '', 0.3],
      ['/**', 'gray', 1],
      ['/**', 'base', 0.5]
    ],
    spans: () => new Map(),
    rulesLoaded: () => 1_767_323_045_500,
    certificates: () => [['0.0.0.0:8443', '1 shop.example', 1_800_000_000_000]],
    ...differing
  })
}

/** Both formats are read, and say the same. */
function scrape(metrics: Metrics): Map<string, ScrapedFamily> {
  const families = parseMetrics(metrics.expose(undefined).text, 'prometheus')
  const open = parseMetrics(metrics.expose(openMetrics).text, 'openmetrics')
  if ([...open.keys()].join() !== [...families.keys()].join()) throw new Error('the formats differ')
  return families
}

const served = { route: '/orders/{id}', method: 'GET', status: '200', upstream: 'orders' }
const serverTime = 'http_server_request_duration_seconds'
const clientTime = 'http_client_request_duration_seconds'

t.test('the contract’s metrics are there under their names, with a type and help', async t => {
  const families = scrape(metricsOf())
  for (const [name, type] of [
    [serverTime, 'histogram'],
    [clientTime, 'histogram'],
    ['tracebridge_context', 'counter'],
    ['tracebridge_spans', 'counter'],
    ['tracebridge_reloads', 'counter'],
    ['tracebridge_spans_queued', 'gauge'],
    ['tracebridge_spans_queued_bytes', 'gauge'],
    ['tracebridge_spans_capacity', 'gauge'],
    ['tracebridge_exporter_circuit_open', 'gauge']
  ] as const) {
    t.equal(families.get(name)?.type, type, name)
    t.match(families.get(name)?.help, /^[A-Z].*\.$/, name)
  }
})

t.test('durations are seconds, in the buckets of the semantic conventions', async t => {
  const metrics = metricsOf()
  metrics.request(outcomeOf())
  const family = scrape(metrics).get(serverTime)
  const bounds = family?.samples.flatMap(({ labels }) => labels.get('le') ?? [])
  t.strictSame(
    bounds?.map(bound => Number(bound.replace('+Inf', 'Infinity'))),
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, Number.POSITIVE_INFINITY]
  )
  t.equal(readingOf(family, `${serverTime}_sum`, served), 0.0125)
  t.equal(readingOf(family, `${serverTime}_bucket`, { ...served, le: '0.01' }), 0)
  t.equal(readingOf(family, `${serverTime}_bucket`, { ...served, le: '0.025' }), 1)
})

t.test('every request counts once and every attempt once, with the tags of its target', async t => {
  const tagged = {
    ...target,
    tags: new Map([
      ['service.tag', 'gray'],
      ['version', '1.9'],
      ['zone', 'b']
    ]),
    serviceTag: 'gray',
    version: '1.9'
  }
  const metrics = metricsOf()
  metrics.request(
    outcomeOf(
      { status: 201 },
      {
        tries: [
          { status: undefined, failure: 'UPSTREAM_RESET', failureStatus: 502 },
          { status: 201, target: tagged }
        ]
      }
    )
  )
  const families = scrape(metrics)
  const last = { ...served, status: '201', service_tag: 'gray', version: '1.9' }
  t.equal(readingOf(families.get(serverTime), `${serverTime}_count`, last), 1)
  const client = families.get(clientTime)
  t.equal(readingOf(client, `${clientTime}_count`, last), 1)
  t.equal(readingOf(client, `${clientTime}_count`, { ...served, status: '502' }), 1)
})

t.test('an answer that broke off counts as its failure, unless it was the caller that left', async t => {
  const metrics = metricsOf()
  const broken = { status: 200, failure: 'UPSTREAM_INCOMPLETE', failureStatus: 502 }
  const left = { status: 200, failure: 'CALLER_GONE', failureStatus: 499 }
  metrics.request(outcomeOf({}, { tries: [broken] }))
  metrics.request(outcomeOf({}, { tries: [left] }))
  const client = scrape(metrics).get(clientTime)
  t.equal(readingOf(client, `${clientTime}_count`, { ...served, status: '502' }), 1)
  t.equal(readingOf(client, `${clientTime}_count`, { ...served, status: '200' }), 1)
})

t.test('an upgraded connection counts with the time to its 101', async t => {
  const metrics = metricsOf({ upgraded: () => 2 })
  const upgraded = { at: start + 6, received: 0, by: 'caller', code: 1000 }
  const end = start + 3_600_000
  metrics.request(outcomeOf({ status: 101, end, upgraded }, { tries: [{ status: 101, end }] }))
  const families = scrape(metrics)
  const switched = { ...served, status: '101' }
  t.equal(readingOf(families.get(serverTime), `${serverTime}_sum`, switched), 0.006)
  t.equal(readingOf(families.get(clientTime), `${clientTime}_sum`, switched), 0.005)
  t.equal(readingOf(families.get('tracebridge_upgraded_connections'), 'tracebridge_upgraded_connections'), 2)
})

t.test('what upstreams answer of their trace counts by attempt', async t => {
  const metrics = metricsOf()
  const other = { outcome: 'other', spanId: undefined } as const
  const same = { outcome: 'same', spanId: 'b7ad6b7169203331' } as const
  metrics.request(outcomeOf({}, { tries: [{ status: 503, answer: other }, { answer: same }] }))
  metrics.request(outcomeOf({}, { tries: [{ answer: same }, {}] }))
  const family = scrape(metrics).get('tracebridge_trace_answers')
  t.strictSame(
    ['same', 'other', 'malformed'].map(outcome =>
      readingOf(family, 'tracebridge_trace_answers_total', { upstream: 'orders', outcome })
    ),
    [2, 1, undefined]
  )
})

t.test('requests count whether their trace is kept or not, and without any trace', async t => {
  const metrics = metricsOf()
  metrics.request(outcomeOf())
  metrics.request(outcomeOf({}, { headers: [['b3', '0']] }))
  metrics.request(untraced({ route: undefined, status: 404, failure: 'ROUTE_NOT_FOUND' }))
  const families = scrape(metrics)
  const counts = families.get(serverTime)?.samples.filter(({ name }) => name.endsWith('_count')) ?? []
  t.equal(
    counts.reduce((sum, { value }) => sum + value, 0),
    3
  )
  t.equal(readingOf(families.get(serverTime), `${serverTime}_count`, { method: 'GET', status: '404' }), 1)
  const failures = families.get('tracebridge_failures')
  t.equal(readingOf(failures, 'tracebridge_failures_total', { code: 'ROUTE_NOT_FOUND' }), 1)
})

t.test('a caller cannot invent label values with methods', async t => {
  const metrics = metricsOf()
  for (let i = 0; i < 10; i++) metrics.request(outcomeOf({ method: `PURGE${i}` }))
  const family = scrape(metrics).get(serverTime)
  t.equal(readingOf(family, `${serverTime}_count`, { ...served, method: '_OTHER' }), 10)
})

t.test('what became of a context is counted by dialect', async t => {
  const metrics = metricsOf()
  const other = 'c'.repeat(32)
  const accept = { route: routeOf({ policy: policyOf({ accept: [w3c, b3, root] }) }) }
  metrics.request(outcomeOf())
  metrics.request(outcomeOf({}, { trust: 'restart' }))
  metrics.request(outcomeOf({}, { trust: 'ignore' }))
  metrics.request(outcomeOf({}, { headers: [] }))
  metrics.request(outcomeOf({}, { headers: [], trust: 'restart' }))
  metrics.request(outcomeOf({}, { headers: [['traceparent', 'x']] }))
  metrics.request(
    outcomeOf(
      {},
      {
        headers: [
          ['traceparent', 'x'],
          ['b3', '0']
        ]
      }
    )
  )
  metrics.request(
    outcomeOf(accept, { headers: [...sampled, ['b3', `${other}-00f067aa0ba902b7-1`], ['x-root', other]] })
  )
  metrics.request(untraced())
  const families = scrape(metrics)
  const counted = families
    .get('tracebridge_context')
    ?.samples.map(({ labels, value }) => [labels.get('dialect'), labels.get('outcome'), value])
  t.strictSame(counted, [
    ['w3c', 'continued', 2],
    ['w3c', 'restarted', 1],
    ['w3c', 'ignored', 1],
    ['none', 'absent', 3],
    ['w3c', 'malformed', 2],
    ['b3', 'continued', 1],
    ['b3', 'conflict', 1],
    ['root', 'conflict', 1]
  ])
  const reasons = families.get('tracebridge_malformed')
  t.equal(readingOf(reasons, 'tracebridge_malformed_total', { dialect: 'w3c', reason: 'bad-version' }), 2)
})

t.test('a tracestate that was thrown away is counted, and its trace continued all the same', async t => {
  const metrics = metricsOf()
  metrics.request(outcomeOf({}, { headers: [...sampled, ['tracestate', 'no member']] }))
  const families = scrape(metrics)
  const reason = { dialect: 'w3c', reason: 'tracestate invalid-member' }
  t.equal(readingOf(families.get('tracebridge_malformed'), 'tracebridge_malformed_total', reason), 1)
  const context = { dialect: 'w3c', outcome: 'continued' }
  t.equal(readingOf(families.get('tracebridge_context'), 'tracebridge_context_total', context), 1)
})

t.test('the state of an exporter: its circuit, its room and what takes it', async t => {
  const down: Counts = { ...nothing, queued: 8000, queuedBytes: 6e6, capacity: 8192, open: true }
  const up: Counts = { ...nothing, capacity: 8192 }
  const families = scrape(
    metricsOf({
      spans: () =>
        new Map([
          ['otlp', down],
          ['zipkin', up]
        ])
    })
  )
  for (const [name, ofDown, ofUp] of [
    ['tracebridge_exporter_circuit_open', 1, 0],
    ['tracebridge_spans_queued', 8000, 0],
    ['tracebridge_spans_queued_bytes', 6e6, 0],
    ['tracebridge_spans_capacity', 8192, 8192]
  ] as const) {
    t.equal(readingOf(families.get(name), name, { exporter: 'otlp' }), ofDown, name)
    t.equal(readingOf(families.get(name), name, { exporter: 'zipkin' }), ofUp, name)
  }
})

t.test('the sum of spans closes as it is read', async t => {
  const counts: Counts = {
    ...nothing,
    recorded: 100,
    exported: 60,
    rejected: 5,
    dropped: new Map([
      ['queue_full', 20],
      ['shutdown', 5]
    ]),
    queued: 10,
    bytes: 4096
  }
  const families = scrape(metricsOf({ spans: () => new Map([['otlp', counts]]) }))
  const total = (family: string) => {
    const values = families.get(family)?.samples.map(({ value }) => value) ?? []
    return values.reduce((sum, value) => sum + value, 0)
  }
  t.equal(total('tracebridge_spans_recorded'), total('tracebridge_spans') + total('tracebridge_spans_queued'))
  const dropped = { exporter: 'otlp', outcome: 'dropped', reason: 'queue_full' }
  t.equal(readingOf(families.get('tracebridge_spans'), 'tracebridge_spans_total', dropped), 20)
  const exported = { exporter: 'otlp', outcome: 'exported' }
  t.equal(readingOf(families.get('tracebridge_spans'), 'tracebridge_spans_total', exported), 60)
  t.equal(
    readingOf(families.get('tracebridge_spans_bytes'), 'tracebridge_spans_bytes_total', { exporter: 'otlp' }),
    4096
  )
})

t.test('what a span takes on the wire is told of those that arrived, once any did', async t => {
  const took: Counts = { ...nothing, exported: 60, rejected: 4, bytes: 6400 }
  const counts = new Map([
    ['otlp', took],
    ['zipkin', nothing]
  ])
  const family = scrape(metricsOf({ spans: () => counts })).get('tracebridge_span_bytes')
  t.equal(readingOf(family, 'tracebridge_span_bytes', { exporter: 'otlp' }), 100)
  t.equal(family?.samples.length, 1)
})

t.test('reloads, rates, requests in flight and the process itself', async t => {
  const metrics = metricsOf()
  metrics.reload('applied')
  metrics.reload('refused')
  metrics.reload('refused')
  metrics.handshake('timeout')
  const families = scrape(metrics)
  const at = (name: string, suffix = '', labels = {}) => readingOf(families.get(name), name + suffix, labels)
  t.equal(at('tracebridge_reloads', '_total', { outcome: 'applied' }), 1)
  t.equal(at('tracebridge_reloads', '_total', { outcome: 'refused' }), 2)
  t.equal(at('tracebridge_rules_loaded_timestamp_seconds'), 1_767_323_045.5)
  t.equal(at('tracebridge_tls_handshakes', '_total', { outcome: 'timeout' }), 1)
  const shown = { listener: '0.0.0.0:8443', certificate: '1 shop.example' }
  t.equal(at('tracebridge_tls_certificate_expiry_timestamp_seconds', '', shown), 1_800_000_000)
  t.equal(at('tracebridge_sampling_rate', '', { route: '/orders/{id}' }), 0.3)
  t.equal(at('tracebridge_sampling_rate', '', { route: '/**', service_tag: 'base' }), 0.5)
  t.equal(at('tracebridge_requests_in_flight'), 3)
  t.equal(at('tracebridge_build_info', '', { version, node: process.versions.node }), 1)
  t.ok((at('process_cpu_seconds', '_total') ?? 0) > 0)
  t.ok((at('process_resident_memory_bytes') ?? 0) > 1e6)
})
