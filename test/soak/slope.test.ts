import t from 'tap'
import { grows, trendOf } from './slope.ts'

const noise = (x: number) => [3, -4, 1, 0, -2, 5, -3][x % 7] ?? 0
const series = (of: (x: number) => number) => Array.from({ length: 100 }, (_, x) => of(x))
const allowance = { absolute: 10, share: 0.05 }

t.test('a leak is found under noise', async t => {
  const trend = trendOf(series(x => 100 + x / 2 + noise(x)))
  t.ok(Math.abs(trend.growth - 49.5) < 3, `${trend.growth}`)
  t.ok(grows(trend, allowance))
})

t.test('noise, waves, steps down and a small rise are no leak', async t => {
  for (const values of [
    series(noise),
    series(() => 7),
    series(x => 100 + 30 * Math.sin(x / 4)),
    series(x => (x < 50 ? 200 : 100)),
    series(x => 100 + x / 20)
  ]) {
    t.notOk(grows(trendOf(values), allowance), String(trendOf(values).growth))
  }
})

t.test('too few points say nothing', async t => {
  t.notOk(grows(trendOf([1]), allowance))
  t.notOk(grows(trendOf([5, 5]), allowance))
})
