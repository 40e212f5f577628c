import t from 'tap'
import { mapOf } from '../../src/report/map.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { createTopology } from '../../src/report/topology.ts'
import { outcomeOf, sampled, start, target, untraced } from './outcomes.ts'

const self = { name: 'shop-gateway', version: '1.4.2', instance: 'gateway-0' }
const names = { service: 'alicloud.service.tag', version: 'version' }
const minute = 60_000
const known = { identity: 'CN=cart' }

function mapped(now: number, outcomes: readonly Outcome[]) {
  const topology = createTopology(() => start)
  for (const outcome of outcomes) topology.request(outcome)
  return mapOf(topology.tally(), self, names, now)
}

function at(time: number, headers = sampled): Outcome {
  return outcomeOf({ ...known, start: time - 12.5, end: time }, { headers })
}

t.test('nodes and edges are those of the contract', async t => {
  const gray = { ...target, tags: new Map([['zone', 'a']]), serviceTag: 'gray', version: '1.9' }
  const tries = [{ target: gray, status: 503, end: start + 21 }]
  const { nodes, edges, ...times } = mapped(start + 2000, [outcomeOf({ ...known, status: 503 }, { tries })])
  t.same(times, {
    at: '2026-01-02T03:04:07.006Z',
    since: '2026-01-02T03:04:05.006Z',
    recentSince: '2026-01-02T03:04:05.006Z'
  })
  const [, caller, upstream, to] = nodes.map(({ id }) => id)
  t.same(nodes, [
    { id: 'gateway', kind: 'gateway', ...self },
    { id: caller, kind: 'caller', by: 'identity', name: 'CN=cart' },
    {
      id: upstream,
      kind: 'upstream',
      name: 'orders',
      tags: { 'alicloud.service.tag': 'gray', version: '1.9' }
    },
    { id: to, kind: 'target', name: 'http://orders:8080', upstream: 'orders', tags: { zone: 'a' } }
  ])
  t.same(
    edges.map(edge => [edge.from, edge.to]),
    [
      [caller, 'gateway'],
      ['gateway', upstream],
      [upstream, to]
    ]
  )
  const { p50, p95, ...rest } = edges[0]?.total ?? { p50: null, p95: null }
  t.same(rest, { requests: 1, rate: 0.5, errors: 1, errorRate: 1, bytes: 42, broken: {} })
  t.ok(p50 === p95 && Math.abs((p95 ?? 0) - 12.5) < 0.125)
  t.ok(Math.abs((edges[1]?.recent.p95 ?? 0) - 20) < 0.2)
  t.notOk('bytes' in (edges[1]?.recent ?? {}))
})

t.test('a caller that lost its trace is marked until it has sent it again for five minutes', async t => {
  const broken = [at(start), at(start + 1000, []), at(start + 2000, [['traceparent', 'garbage']])]
  const [now] = mapped(start + 3000, broken).edges
  t.equal(now?.broken, true)
  t.match(now?.recent.broken, { absent: 1 })
  t.equal(
    Object.keys(now?.recent.broken ?? {}).filter(reason => reason.startsWith('malformed w3c: ')).length,
    1
  )
  const later = start + 6 * minute
  const [then] = mapped(later, [...broken, at(later - 1000)]).edges
  t.equal(then?.broken, false)
  t.same(then?.recent.broken, {})
  t.equal(then?.recent.requests, 1)
  t.match(then?.total, { requests: 4, broken: { absent: 1 } }, 'but it is not forgotten')
})

t.test('who never sent a trace has lost none', async t => {
  const [edge] = mapped(start + 1, [at(start, []), at(start, [])]).edges
  t.match(edge, { broken: false, recent: { requests: 2, broken: {} } })
})

t.test('an upstream that answers with another trace is marked, it and its target', async t => {
  const tries = [{ answer: { outcome: 'other', spanId: undefined } as const }]
  const { edges } = mapped(start + 1, [outcomeOf({}, { tries })])
  t.same(
    edges.map(({ broken, recent }) => [broken, recent.broken]),
    [
      [false, {}],
      [true, { 'answer: another trace': 1 }],
      [true, { 'answer: another trace': 1 }]
    ]
  )
})

t.test('where nothing passed lately, figures say so', async t => {
  const [edge] = mapped(start + 60 * minute, [at(start)]).edges
  t.same(edge?.recent, {
    requests: 0,
    rate: 0,
    errors: 0,
    errorRate: null,
    p50: null,
    p95: null,
    bytes: 0,
    broken: {}
  })
  t.equal(mapped(start, [untraced({ route: undefined })]).edges[0]?.total.rate, 0, 'at its first moment')
})

t.test('every edge ends at a node, even where there was no room for all', async t => {
  const targets = Array.from({ length: 1200 }, (_, i) => ({
    ...target,
    origin: `http://10.0.0.${i}`,
    serviceTag: `tag-${i % 600}`
  }))
  const { nodes, edges } = mapped(
    start + 1,
    targets.map(one => outcomeOf({}, { tries: [{ target: one }] }))
  )
  const ids = new Set(nodes.map(({ id }) => id))
  t.equal(ids.size, 1 + 1 + 501 + 1001)
  for (const { from, to } of edges) {
    if (!ids.has(from) || !ids.has(to)) t.fail(`${from} to ${to}`)
  }
})
