// How often the gate is wrong, and how often it sees what is there: hundreds of rollouts with the same numbers each run.
import t from 'tap'
import { judge, type Verdict } from '../../src/gate/verdict.ts'
import { bucketScale, sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf } from '../draws.ts'
import { part, windowOf } from './rollouts.ts'

const settings = { p95Ratio: 1.2, errorRatio: 1.5, minSamples: 500, floorMs: 5 }

type Rates = Readonly<Record<Verdict, number>>

/** Shares of verdicts over so many rollouts. */
function rates(gates: number, slower: number, requests: number, seed: number, errors = [0, 0]): Rates {
  const { latency, uniform } = drawsOf(seed)
  const seen = { pass: 0, fail: 0, inconclusive: 0 }
  const failing = (n: number, share = 0) => {
    let count = 0
    if (share > 0) for (let i = 0; i < n; i++) if (uniform() < share) count++
    return count
  }
  for (let i = 0; i < gates; i++) {
    const n = requests / 5
    const periods = Array.from({ length: 5 }, () =>
      part([
        {
          baseline: { requests: n, latency, errors: failing(n, errors[0]) },
          candidate: { requests: n, latency: () => slower * latency(), errors: failing(n, errors[1]) }
        }
      ])
    )
    seen[judge(periods, sketchScale, settings).verdict]++
  }
  return { pass: seen.pass / gates, fail: seen.fail / gates, inconclusive: seen.inconclusive / gates }
}

t.test('of 200 candidates as fast as the baseline at most 1 % fail, and most pass', async t => {
  const { pass, fail } = rates(200, 1, 1000, 1)
  t.ok(fail <= 0.01, `${fail} failed`)
  t.ok(pass >= 0.7, `${pass} passed`)
})

t.test(
  'of 200 that are 1.5 times slower at least 85 % fail with 1,000 requests each, and none pass',
  async t => {
    const { pass, fail } = rates(200, 1.5, 1000, 2)
    t.ok(fail >= 0.85, `${fail} failed`)
    t.equal(pass, 0)
  }
)

t.test('of those exactly on the line no more than about 5 % fail', async t => {
  const { pass, fail } = rates(400, 1.2, 1000, 3)
  t.ok(fail <= 0.08, `${fail} failed`)
  t.ok(pass <= 0.1, `${pass} passed`)
})

t.test('500 requests of each are not enough to be wrong with', async t => {
  t.ok(rates(200, 1, 500, 4).fail <= 0.01)
  t.equal(rates(100, 1.5, 500, 5).pass, 0)
})

t.test('equal error rates fail no more than 1 %, three times as many fail', async t => {
  const equal = rates(200, 1, 1000, 6, [0.02, 0.02])
  t.ok(equal.fail <= 0.01, `${equal.fail} failed`)
  const more = rates(100, 1, 1000, 7, [0.02, 0.08])
  t.ok(more.fail >= 0.85, `${more.fail} failed`)
  t.equal(more.pass, 0)
})

/** Shares of verdicts where each route has so many requests, the first one of a candidate that is so much slower there. */
function routesRates(
  gates: number,
  slower: number,
  routes: readonly (readonly number[])[],
  seed: number
): Rates {
  const { latency } = drawsOf(seed)
  const seen = { pass: 0, fail: 0, inconclusive: 0 }
  for (let i = 0; i < gates; i++) {
    const periods = Array.from({ length: 5 }, () =>
      part(
        routes.map(([baseline = 0, candidate = baseline], at) => ({
          route: `route-${at}`,
          baseline: { requests: baseline / 5, latency },
          candidate: { requests: candidate / 5, latency: () => (at === 0 ? slower : 1) * latency() }
        }))
      )
    )
    seen[judge(periods, sketchScale, settings).verdict]++
  }
  return { pass: seen.pass / gates, fail: seen.fail / gates, inconclusive: seen.inconclusive / gates }
}

t.test('several routes with a tail of small ones pass when they are as fast', async t => {
  const { pass, fail } = routesRates(200, 1, [...Array(5).fill([400]), ...Array(9).fill([20])], 8)
  t.ok(fail <= 0.01, `${fail} failed`)
  t.ok(pass >= 0.7, `${pass} passed`)
})

t.test('one route of several that is slower does not pass beside them', async t => {
  const fifth = routesRates(200, 1.5, Array(5).fill([400]), 9)
  t.ok(fifth.pass <= 0.1, `${fifth.pass} passed, a fifth of it slower`)
  const thin = routesRates(200, 3, [[70, 800], [1000]], 10)
  t.equal(thin.pass, 0, 'where the baseline hardly served it')
  const usual = routesRates(200, 1, [[70, 800], [1000]], 11)
  t.ok(usual.pass >= 0.7, `${usual.pass} passed that are as fast`)
})

t.test('a histogram that ends below the p95 proves nothing', async t => {
  const short = windowOf({
    baseline: { requests: 1000, latency: () => 1 },
    candidate: { requests: 1000, latency: () => 1 }
  })
  // Every value of these is in a bin whose number is beyond the last bound.
  const moved = short.map(
    period =>
      new Map(
        [...period].map(([route, { baseline, candidate }]) => [
          route,
          {
            baseline: { ...baseline, latency: { ...baseline.latency, first: 2 } },
            candidate: { ...candidate, latency: { ...candidate.latency, first: 2 } }
          }
        ])
      )
  )
  const { verdict, why } = judge(moved, bucketScale([0.1]), settings)
  t.equal(verdict, 'inconclusive', why.join())
})
