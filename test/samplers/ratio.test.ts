import t from 'tap'
import { ratio } from '../../src/samplers/ratio.ts'

t.test('all and nothing are kept at the ends of the scale', async t => {
  for (const randomness of ['00000000000000', '80000000000000', 'ffffffffffffff']) {
    t.strictSame(ratio(1).sample(randomness), { keep: true, threshold: '0' })
    t.strictSame(ratio(0).sample(randomness), { keep: false, threshold: undefined })
  }
})

t.test('a share is cut off at one threshold, which is told', async t => {
  const quarter = ratio(0.25)
  t.strictSame(quarter.sample('c0000000000000'), { keep: true, threshold: 'c' })
  t.strictSame(quarter.sample('bfffffffffffff'), { keep: false, threshold: 'c' })
  t.equal(quarter.rate(), 0.25)
  t.equal(quarter.name, 'ratio')
})

t.test('of evenly spread traces the share is kept', async t => {
  const third = ratio(1 / 3)
  let kept = 0
  for (let i = 0; i < 3000; i++) {
    const randomness = Math.floor((i / 3000) * 2 ** 52)
      .toString(16)
      .padStart(13, '0')
    if (third.sample(`${randomness}0`).keep) kept++
  }
  // A third is no sum of hex digits: four of them miss it by less than one trace here.
  t.ok(Math.abs(kept - 1000) <= 1, `${kept} of 3000`)
})

t.test('a sample allocates nothing', async t => {
  const sampler = ratio(0.5)
  t.equal(sampler.sample('80000000000000'), sampler.sample('ffffffffffffff'))
  t.equal(sampler.sample('00000000000000'), sampler.sample('7fffffffffffff'))
})
