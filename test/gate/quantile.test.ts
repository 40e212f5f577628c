import t from 'tap'
import { comparisonOf } from '../../src/gate/compare.ts'
import { quantileOf, rateOf, shareOf } from '../../src/gate/quantile.ts'
import { emptyBins } from '../../src/sketch/bins.ts'
import { sketchScale } from '../../src/sketch/scale.ts'
import { drawsOf } from '../draws.ts'
import { part, sketched } from './rollouts.ts'

t.test('the interval of a p95 holds the true one as often as it says', async t => {
  const { uniform } = drawsOf(3)
  let below = 0
  let above = 0
  for (let i = 0; i < 1000; i++) {
    const known = quantileOf(
      sketched(400, () => 100 * uniform()),
      sketchScale,
      0.95
    )
    if (known === undefined || known.high === null) throw new Error('400 values are enough')
    if (known.high < 95) below++
    if (known.low > 95) above++
  }
  t.ok(below <= 70 && above <= 70, `${below} below and ${above} above of 1000`)
  t.ok(below >= 20 && above >= 20, 'and is no wider than need be')
})

t.test('of few values a p95 has no upper bound, of none it has no value', async t => {
  t.equal(quantileOf(emptyBins(), sketchScale, 0.95), undefined)
  t.equal(
    quantileOf(
      sketched(58, () => 5),
      sketchScale,
      0.95
    )?.high,
    null
  )
  t.type(
    quantileOf(
      sketched(59, () => 5),
      sketchScale,
      0.95
    )?.high,
    'number'
  )
})

t.test('a share of nothing is not known; one of zero may still be more', async t => {
  t.equal(shareOf(0, 0), undefined)
  const none = shareOf(0, 1000)
  t.equal(none?.value, 0)
  t.ok(none?.low === 0 && (none.high ?? 0) > 0.003 && (none.high ?? 1) < 0.005)
  t.equal(rateOf(5, 0), undefined)
  t.match(rateOf(100, 10), { value: 10 })
})

t.test('a comparison is of one route, or of all', async t => {
  const latency = () => 10
  const period = part([
    { route: 'a', baseline: { requests: 100, latency, errors: 1 }, candidate: { requests: 50, latency } },
    { route: 'b', baseline: { requests: 7, latency }, candidate: { requests: 0, latency } }
  ])
  t.match(comparisonOf(period, null, 10, sketchScale), {
    route: null,
    baseline: { requests: 107, errors: 1, qps: { value: 10.7 } },
    candidate: { requests: 50, qps: { value: 5 }, errorRate: { value: 0 } }
  })
  t.match(comparisonOf(period, 'b', 10, sketchScale), {
    route: 'b',
    baseline: { requests: 7, p95: { high: null } },
    candidate: { requests: 0, qps: { value: 0 }, errorRate: null, p50: null, p95: null, p99: null }
  })
})
