import t from 'tap'
import { readReport } from '../../src/gate/report.ts'
import { createLatency, type LatencyReport } from '../../src/report/latency.ts'
import type { AttemptOutcome, Outcome } from '../../src/report/outcome.ts'
import { outcomeOf, routeOf, start, type Tried, target } from './outcomes.ts'

function tagged(tags: Readonly<Record<string, string>>): AttemptOutcome['target'] {
  return { ...target, tags: new Map(Object.entries(tags)) }
}

const base = tagged({ 'service.tag': 'base', version: '1.8' })
const gray = tagged({ 'service.tag': 'gray', version: '1.9' })

function reportOf(...outcomes: readonly Outcome[]): LatencyReport {
  const latency = createLatency(() => start, 'life-1')
  for (const outcome of outcomes) latency.request(outcome)
  return latency.report('gateway-7')
}

function tried(...tries: readonly Tried[]): Outcome {
  return outcomeOf({}, { tries })
}

t.test('attempts are counted by route and the tags of the target that they went to', async t => {
  const report = reportOf(tried({ target: base }), tried({ target: gray, status: 503 }, { target: base }))
  t.match(report, {
    instance: 'gateway-7',
    epoch: 'life-1',
    at: '2026-01-02T03:04:05.006Z',
    since: '2026-01-02T03:04:05.006Z',
    beyond: 0
  })
  t.match(report.series, [
    { route: '/orders/{id}', tags: { 'service.tag': 'base', version: '1.8' }, count: 2, errors: 0 },
    { route: '/orders/{id}', tags: { 'service.tag': 'gray', version: '1.9' }, count: 1, errors: 1 }
  ])
})

t.test('a target without tags has none', async t => {
  t.same(reportOf(tried({})).series[0]?.tags, {})
})

t.test('time is that of the attempt, not of the request', async t => {
  const read = readReport('', reportOf(tried({ target: gray, start: start + 100, end: start + 350 })))
  if ('wrong' in read) throw new Error(read.wrong)
  const [series] = read.snapshot.series.values()
  // 250 ms lie in the bin that ends at 1.02^279.
  t.same([series?.latency.count, series?.latency.counts[279 - (series?.latency.first ?? 0)]], [1, 1])
})

t.test('errors are answers of 500 or more, and none at all', async t => {
  const errors = (attempt: Tried) => reportOf(tried(attempt)).series[0]?.errors
  t.equal(errors({ status: 200 }), 0)
  t.equal(errors({ status: 404 }), 0)
  t.equal(errors({ status: 500 }), 1)
  t.equal(errors({ status: undefined, failure: 'UPSTREAM_UNREACHABLE', failureStatus: 503 }), 1)
  t.equal(errors({ status: 200, failure: 'UPSTREAM_INCOMPLETE', failureStatus: 502 }), 1, 'half an answer')
})

t.test('a call of gRPC that its server failed is an error, by whatever status of HTTP', async t => {
  const errors = (grpc: Tried['grpc']) => reportOf(tried({ grpc })).series[0]?.errors
  t.equal(errors(14), 1)
  t.equal(errors(5), 0, 'NOT_FOUND is the answer to a caller')
  t.equal(errors(0), 0)
})

t.test('an upgraded connection counts with the time to its 101', async t => {
  const end = start + 3_600_000
  const upgraded = { at: start + 6, received: 0, by: 'caller', code: 1000 }
  const outcome = outcomeOf({ status: 101, end, upgraded }, { tries: [{ start, status: 101, end }] })
  const [series] = reportOf(outcome).series
  // 6 ms lie in the bin that ends at 1.02^91.
  t.equal(series?.sketch.first, 91)
})

t.test('who left counts for as long as it waited, and is no error of the target', async t => {
  const left = { status: undefined, failure: 'CALLER_GONE', failureStatus: 499 }
  t.match(reportOf(tried(left)).series, [{ count: 1, errors: 0 }])
})

t.test('what the gateway did not pass on says nothing of the target', async t => {
  const unsent = { status: undefined, failure: 'BAD_REQUEST', failureStatus: 400 }
  t.same(reportOf(tried(unsent)).series, [])
  t.same(reportOf({ ...outcomeOf(), route: undefined }).series, [])
})

t.test('tags and routes without end do not grow it without end, and it says so', async t => {
  const many = Array.from({ length: 1200 }, (_, i) =>
    outcomeOf({ route: routeOf({ name: `route-${i}` }) }, { tries: [{ target: base }] })
  )
  const report = reportOf(
    ...many,
    outcomeOf({ route: routeOf({ name: 'route-5' }) }, { tries: [{ target: base }] })
  )
  t.equal(report.series.length, 1000)
  t.equal(report.beyond, 200)
  t.equal(report.series[5]?.count, 2)
})

t.test('where there is no room for a new release, those that rules name no more make some', async t => {
  const release = (version: number) => tagged({ version: String(version) })
  const served = (version: number, name = 'orders') =>
    outcomeOf({ route: routeOf({ name }) }, { tries: [{ target: release(version) }] })
  const rules = (...versions: readonly number[]) => {
    const route = routeOf({ name: 'orders' })
    return [{ ...route, upstream: { ...route.upstream, echo: false, targets: versions.map(release) } }]
  }
  const latency = createLatency(() => start, 'life-1')
  latency.watch(rules(0, 1))
  latency.request(served(7, 'demo'))
  for (let version = 0; version < 1_200; version++) {
    latency.watch(rules(version, version + 1))
    latency.request(served(version))
    latency.request(served(version + 1))
  }
  const { series, beyond } = latency.report('')
  t.equal(beyond, 0, 'every one was counted')
  t.ok(series.length <= 1_000)
  const counts = new Map(series.map(({ tags, count }) => [tags['version'], count]))
  t.same([counts.get('1200'), counts.get('1199'), counts.get('0')], [1, 2, undefined])
  for (let version = 5_000; version < 8_000; version++) latency.request(served(version))
  t.ok(latency.report('').beyond > 0, 'nobody makes room for what no rules name')
})
