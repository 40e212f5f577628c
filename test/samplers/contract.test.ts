// What every sampler owes, whatever it decides by.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { keeps } from '../../src/trace/probability.ts'
import { made } from './made.ts'

const randomness = fc.stringMatching(/^[0-9a-f]{14}$/)
/** Traces, and the milliseconds before each: in bursts, steadily, after hours. */
const traffic = fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 40, 2_000, 3_600_000), randomness), {
  maxLength: 200
})

for (const [name, make] of made) {
  t.test(`${name}: odds are told only where they hold, and the rate is a share`, async t => {
    fc.assert(
      fc.property(traffic, traces => {
        const clock = { now: 5_000 }
        const sampler = make(() => clock.now)
        for (const [pause, random] of traces) {
          clock.now += pause
          const { keep, threshold } = sampler.sample(random)
          if (keep && threshold !== undefined)
            assert(keeps(random, threshold), `${random} below ${threshold}`)
          assert(sampler.rate() >= 0 && sampler.rate() <= 1)
        }
      })
    )
    t.pass('whatever the traffic')
  })

  t.test(`${name}: with known odds, who would be kept more easily is kept too`, async t => {
    fc.assert(
      fc.property(randomness, randomness, (a, b) => {
        const sampler = make(() => 0)
        const [low = a, high = b] = [a, b].sort()
        const said = sampler.peek(low)
        if (said.keep && said.threshold !== undefined) assert(sampler.peek(high).keep)
      })
    )
    t.pass('consistent')
  })

  t.test(`${name}: a peek says what a sample would, and changes nothing`, async t => {
    fc.assert(
      fc.property(traffic, traces => {
        const clock = { now: 0 }
        const watched = make(() => clock.now)
        const alone = make(() => clock.now)
        for (const [pause, random] of traces) {
          clock.now += pause
          watched.peek(random)
          watched.peek('ffffffffffffff')
          assert.deepEqual(watched.sample(random), alone.sample(random))
          assert.equal(watched.rate(), alone.rate())
        }
      })
    )
    const sampler = make(() => 0)
    for (const random of ['00000000000000', '80000000000000', 'ffffffffffffff']) {
      t.strictSame(sampler.peek(random), sampler.sample(random))
    }
  })
}
