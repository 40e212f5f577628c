import fc from 'fast-check'
import t from 'tap'
import { totalOf } from '../../src/report/flow.ts'
import { createMetrics, type Metrics } from '../../src/report/metrics.ts'
import { noGauges } from '../../src/report/no-gauges.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { idOf, type Place, sumTraffic, type Traffic } from '../../src/report/places.ts'
import { createTopology } from '../../src/report/topology.ts'
import type { UpstreamTarget } from '../../src/rules/upstream.ts'
import type { Headers } from '../vectors/vectors.ts'
import { outcomeOf, routeOf, sampled, start, type Tried, target, untraced } from './outcomes.ts'

function tagged(serviceTag: string, version: string, origin = 'http://orders:8080'): UpstreamTarget {
  const tags = new Map([
    ['service.tag', serviceTag],
    ['version', version]
  ])
  return { ...target, origin, tags, serviceTag, version }
}

const base = tagged('base', '1.8')
const gray = tagged('gray', '1.9')

function trafficOf(...outcomes: readonly Outcome[]): readonly Traffic[] {
  const topology = createTopology(() => start)
  for (const outcome of outcomes) topology.request(outcome)
  return topology.tally().traffic
}

function tried(...tries: readonly Tried[]): Outcome {
  return outcomeOf({}, { tries })
}

/** Requests of each place of a kind, in order. */
function counts(traffic: readonly Traffic[], kind: Place['kind']): readonly number[] {
  return traffic.filter(({ place }) => place.kind === kind).map(({ flow }) => totalOf(flow).bins.count)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

t.test('a request is counted from its caller, on its route, and to each target that was tried', async t => {
  const traffic = trafficOf(tried({ target: base }), tried({ target: gray, status: 503 }, { target: base }))
  t.match(
    traffic.map(({ place }) => place),
    [
      { kind: 'caller', by: 'agent', name: 'none', from: '10.0.0.0/24' },
      { kind: 'route', name: '/orders/{id}' },
      { kind: 'upstream', name: 'orders', serviceTag: 'base', version: '1.8' },
      { kind: 'upstream', name: 'orders', serviceTag: 'gray', version: '1.9' },
      { kind: 'target', origin: 'http://orders:8080' },
      { kind: 'target', origin: 'http://orders:8080' }
    ]
  )
  t.same(counts(traffic, 'caller'), [2])
  t.same(counts(traffic, 'upstream'), [2, 1])
  t.same(counts(traffic, 'target'), [2, 1])
  t.same(
    traffic.filter(({ place }) => place.kind === 'upstream').map(({ flow }) => totalOf(flow).errors),
    [0, 1]
  )
})

t.test('targets of one release are one node, of one that is loaded again the same', async t => {
  const traffic = trafficOf(
    tried({ target: tagged('gray', '1.9', 'http://10.0.0.1') }),
    tried({ target: tagged('gray', '1.9', 'http://10.0.0.2') }),
    tried({ target: tagged('gray', '1.9', 'http://10.0.0.2') })
  )
  t.same(counts(traffic, 'upstream'), [3])
  t.same(counts(traffic, 'target'), [1, 2])
})

t.test('one target of two upstreams is two, as the embedded echo is', async t => {
  const { upstream } = routeOf()
  const other = routeOf({ upstream: { ...upstream, name: 'payments' } })
  const traffic = trafficOf(tried({}), outcomeOf({ route: other }), outcomeOf({ route: other }))
  t.same(counts(traffic, 'upstream'), [1, 2])
  t.same(counts(traffic, 'target'), [1, 2])
})

t.test('what reached no route is counted from its caller alone', async t => {
  const traffic = trafficOf(untraced({ route: undefined, status: 404 }))
  t.same([counts(traffic, 'caller'), counts(traffic, 'route'), counts(traffic, 'upstream')], [[1], [], []])
})

t.test('strangers with names without end push out nobody who is known', async t => {
  const strangers = Array.from({ length: 500 }, (_, i) =>
    outcomeOf({ userAgent: `x${i}/1` }, { trust: 'restart' })
  )
  const traffic = trafficOf(...strangers, outcomeOf({ userAgent: 'okhttp/4' }), ...strangers)
  const callers = traffic.flatMap(({ place, flow }) => (place.kind === 'caller' ? [{ ...place, flow }] : []))
  t.equal(callers.length, 102)
  t.equal(totalOf(callers.find(({ name }) => name === 'okhttp')?.flow ?? fail()).bins.count, 1)
  const others = callers.find(({ by }) => by === 'other')
  t.equal(others?.from, 'outside')
  t.equal(totalOf(others?.flow ?? fail()).bins.count, 800)
  t.equal(sum(counts(traffic, 'caller')), 1001)
})

function fail(): never {
  throw new Error('it is not there')
}

const requests = fc.record({
  agent: fc.constantFrom('okhttp/4', 'curl/8', undefined),
  trust: fc.constantFrom('continue', 'restart', 'ignore'),
  headers: fc.constantFrom<Headers[]>(sampled, [], [['b3', 'garbage']]),
  tries: fc.array(
    fc.record({ target: fc.constantFrom(base, gray, target), status: fc.constantFrom(200, 404, 503) }),
    { maxLength: 3 }
  ),
  routed: fc.boolean(),
  after: fc.integer({ min: 0, max: 20 * 60_000 })
})

/** How often a histogram was added to. */
function countIn({ families }: Metrics, name: string): number {
  const samples = families.find(family => family.name === name)?.samples() ?? []
  return sum(samples.flatMap(({ suffix, value }) => (suffix === '_count' ? [value] : [])))
}

t.test('edges add up to what metrics count, in one process or in the sum of two', async t => {
  const adds = fc.property(fc.array(fc.tuple(requests, fc.boolean()), { maxLength: 60 }), all => {
    const metrics = createMetrics(noGauges)
    const [first, second] = [createTopology(() => start), createTopology(() => start)]
    let end = start
    for (const [{ agent, trust, headers, tries, routed, after }, elsewhere] of all) {
      end += after
      const times = { userAgent: agent, start: end - 5, end }
      const outcome = routed
        ? outcomeOf(times, { headers, trust, tries })
        : untraced({ ...times, route: undefined })
      metrics.request(outcome)
      const { request } = elsewhere ? second : first
      request(outcome)
    }
    const traffic = sumTraffic([first.tally().traffic, second.tally().traffic])
    const sent = countIn(metrics, 'http_client_request_duration_seconds')
    t.equal(sum(counts(traffic, 'caller')), countIn(metrics, 'http_server_request_duration_seconds'))
    t.same([sum(counts(traffic, 'upstream')), sum(counts(traffic, 'target'))], [sent, sent])
  })
  fc.assert(adds, { numRuns: 50 })
})

t.test('sums stay within the bounds of one process, and change nothing of what they are made of', async t => {
  const many = (from: number) =>
    trafficOf(...Array.from({ length: 250 }, (_, i) => outcomeOf({ userAgent: `x${from + i}/1` })))
  const [left, right] = [many(0), many(250)]
  const summed = sumTraffic([left, right, sumTraffic([left, right])])
  t.same([counts(summed, 'caller').length, sum(counts(summed, 'caller'))], [301, 1000])
  t.same([counts(left, 'caller').length, sum(counts(left, 'caller'))], [250, 250])
  t.equal(new Set(summed.map(({ id }) => id)).size, summed.length)
  const others = summed.filter(({ place }) => place.kind === 'caller' && place.by === 'other')
  const again = sumTraffic([others, left, right])
  t.equal(sum(counts(again, 'caller')), sum(counts(others, 'caller')) + 500, 'nor is what had no room lost')
})

t.test('no two places share an id', async t => {
  const caller = { kind: 'caller', by: 'identity', name: 'a', from: '', stranger: false } as const
  const upstream = { kind: 'upstream', name: 'a b', serviceTag: '', version: '' } as const
  const places: readonly Place[] = [
    caller,
    { ...caller, from: 'outside', stranger: true },
    { ...caller, by: 'dialect' },
    upstream,
    { ...upstream, name: 'a', serviceTag: 'b' },
    { ...upstream, name: 'a', version: 'b' },
    { kind: 'target', upstream, origin: 'a', tags: new Map() },
    { kind: 'route', name: 'a' }
  ]
  t.equal(new Set(places.map(idOf)).size, places.length)
})
