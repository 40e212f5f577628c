import t from 'tap'
import { binomialQuantile, binomialTail, normalTail } from '../../src/gate/binomial.ts'
import { holm } from '../../src/gate/holm.ts'

/** By Pascal's rule, one trial after another. */
function distribution(n: number, p: number): number[] {
  let row = [1]
  for (let i = 0; i < n; i++) {
    row = Array.from({ length: i + 2 }, (_, k) => (row[k] ?? 0) * (1 - p) + (row[k - 1] ?? 0) * p)
  }
  return row
}

t.test('quantiles and tails are those of the distribution reckoned trial by trial', async t => {
  for (const n of [1, 2, 10, 59, 500, 1500]) {
    for (const p of [0.05, 0.5, 0.95, 0.001]) {
      const exact = distribution(n, p)
      for (const q of [0.025, 0.05, 0.5, 0.95]) {
        let sum = 0
        const wanted = exact.findIndex(one => {
          sum += one
          return sum >= q
        })
        t.equal(binomialQuantile(q, n, p), wanted, `${q} of ${n} at ${p}`)
      }
      for (const k of [0, 1, Math.floor(n * p), Math.ceil(n * p) + 3]) {
        const wanted = exact.slice(k).reduce((a, b) => a + b, 0)
        t.ok(Math.abs(binomialTail(k, n, p) - wanted) < 1e-9, `${k} or more of ${n} at ${p}`)
      }
    }
  }
})

t.test('counts of a hundred million are no trouble', async t => {
  // https://en.wikipedia.org/wiki/Binomial_distribution#Normal_approximation
  const n = 1e8
  const wanted = n * 0.95 - 1.6448536 * Math.sqrt(n * 0.0475)
  t.ok(Math.abs(binomialQuantile(0.05, n, 0.95) - wanted) < 3)
})

t.test('59 values are the fewest whose p95 has an upper bound', async t => {
  t.equal(binomialQuantile(0.95, 58, 0.95), 58)
  t.equal(binomialQuantile(0.95, 59, 0.95), 58)
})

t.test('the normal tail is that of the tables', async t => {
  for (const [z, wanted] of [
    [0, 0.5],
    [1.644854, 0.05],
    [-1.644854, 0.95],
    [3, 0.0013499]
  ] as const) {
    t.ok(Math.abs(normalTail(z) - wanted) < 1e-6, String(z))
  }
})

t.test('Holm: each step asks less, and the first that does not stand ends it', async t => {
  t.same(holm([0.02, 0.01, 0.04], 0.05), [true, true, true])
  t.same(holm([0.03, 0.01, 0.04], 0.05), [false, true, false])
  t.same(holm([0.02, 0.03], 0.05), [true, true])
  t.same(holm([0.03, 0.03], 0.05), [false, false])
  t.same(holm([], 0.05), [])
})
