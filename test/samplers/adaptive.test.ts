import t from 'tap'
import { adaptive } from '../../src/samplers/adaptive.ts'
import { dice, fiveSigma } from './made.ts'

const perSecond = (count: number) => ({ count, perMs: 1000 })
const noFloor = { count: 0, perMs: 60_000 }
const aMinute = { count: 1, perMs: 60_000 }

/** A sampler with a clock of its own, and what it keeps of evenly spaced traces. */
function world(settings: Partial<Parameters<typeof adaptive>[0]> = {}) {
  const clock = { now: 1_000_000 }
  const random = dice(20_260_102)
  const sampler = adaptive(
    { target: perSecond(50), floor: noFloor, ceiling: 1, ...settings },
    () => clock.now
  )
  return {
    clock,
    sampler,
    /** How many of `rps * seconds` traces are kept. */
    run: (rps: number, seconds: number) => {
      let kept = 0
      for (let i = 0; i < rps * seconds; i++) {
        clock.now += 1000 / rps
        if (sampler.sample(random()).keep) kept++
      }
      return kept
    }
  }
}

t.test('it begins at a tenth, and finds the target within a second or two', async t => {
  const { sampler, run } = world()
  t.equal(sampler.rate(), 0.1)
  run(2000, 2)
  const rate = sampler.rate()
  t.ok(Math.abs(rate - 0.025) < 0.001, `${rate}`)
  const kept = run(2000, 60)
  t.ok(Math.abs(kept - 3000) < fiveSigma(120_000, 0.025), `${kept} in a minute`)
})

t.test('the share is told as a threshold, and kept by randomness alone', async t => {
  const { sampler, run } = world()
  run(500, 5)
  t.equal(sampler.rate().toFixed(3), '0.100')
  const kept = sampler.sample('ffffffffffffff')
  t.strictSame(kept, { keep: true, threshold: 'e666' })
  t.equal(sampler.sample('e5ffffffffffff').keep, false)
})

t.test('little traffic is kept whole, up to the ceiling', async t => {
  const all = world()
  all.run(10, 20)
  t.equal(all.sampler.rate(), 1)
  const half = world({ ceiling: 0.5 })
  half.run(10, 20)
  t.equal(half.sampler.rate(), 0.5)
})

t.test('as long as it is near the target the share rests, so that odds can be compared', async t => {
  const { sampler, run } = world()
  run(1000, 30)
  const before = sampler.rate()
  run(1200, 60)
  t.equal(sampler.rate(), before)
  run(2000, 60)
  t.not(sampler.rate(), before)
})

t.test('a surge is met before its window is over', async t => {
  const { run, sampler } = world()
  run(100, 30)
  t.equal(sampler.rate().toFixed(1), '0.5')
  const kept = run(20_000, 10)
  // Twice the target of a window before it is noticed, and again, for the quiet before it counts too; then the target.
  t.ok(kept < 2500, `${kept} of 200,000`)
  t.ok(sampler.rate() < 0.004, `${sampler.rate()}`)
})

t.test('a lull is followed, half of what is known at a time', async t => {
  const { run, sampler } = world()
  run(5000, 30)
  t.ok(sampler.rate() < 0.011)
  run(50, 120)
  t.ok(sampler.rate() > 0.7, `${sampler.rate()}`)
})

t.test('after two windows a lull is believed, however far it fell', async t => {
  const { run, sampler } = world()
  run(20_000, 30)
  t.ok(sampler.rate() < 0.003, `${sampler.rate()}`)
  run(10, 30)
  t.equal(sampler.rate(), 1)
})

t.test('a single silent window is no lull, for it may be chance', async t => {
  const { run, sampler } = world()
  run(2000, 35)
  run(200, 10)
  t.ok(sampler.rate() < 0.06, `${sampler.rate()}`)
})

t.test('one a minute is one a minute, of however many', async t => {
  const { run } = world({ target: aMinute })
  run(500, 60)
  const kept = run(500, 6000)
  t.ok(Math.abs(kept - 100) < fiveSigma(3_000_000, 1 / 30_000) + 30, `${kept} in 100 minutes`)
})

t.test('after a long silence all that was known is forgotten', async t => {
  const { clock, run, sampler } = world()
  run(5000, 30)
  clock.now += 3_600_000
  run(10, 2)
  t.equal(sampler.rate(), 1)
})

t.test('the floor keeps one a minute of a route that is dropped by its odds, and claims none', async t => {
  const { clock, sampler } = world({ floor: aMinute, ceiling: 0 })
  t.strictSame(sampler.sample('00000000000000'), { keep: false, threshold: undefined })
  clock.now += 60_000
  t.strictSame(sampler.sample('00000000000000'), { keep: true, threshold: undefined })
  t.equal(sampler.sample('00000000000000').keep, false)
  clock.now += 59_999
  t.equal(sampler.sample('00000000000000').keep, false)
  clock.now += 1
  t.equal(sampler.sample('00000000000000').keep, true)
})

t.test('traffic that changes all the time comes to the target', async t => {
  const { run } = world()
  let kept = 0
  const minutes = 20
  for (let minute = 0; minute < minutes; minute++) kept += run([300, 900, 2000, 600][minute % 4] ?? 0, 60)
  const target = 50 * 60 * minutes
  t.ok(Math.abs(kept - target) < 0.3 * target, `${kept} for ${target}`)
})
