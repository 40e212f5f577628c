import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createTokens, type Limit } from '../../src/samplers/tokens.ts'

/** A ceiling, and the hand of its clock. */
function at(limit: Limit | undefined) {
  const clock = { now: 1000 }
  return { clock, force: createTokens(limit, () => clock.now).take }
}

/** How many of so many come through. */
function passed(force: () => boolean, asked: number): number {
  return Array.from({ length: asked }, force).filter(Boolean).length
}

t.test('without a limit everything comes through', async t => {
  t.equal(passed(at(undefined).force, 10_000), 10_000)
})

t.test('a second’s worth comes through at once, then as many as time allows', async t => {
  const { clock, force } = at({ count: 10, perMs: 1000 })
  t.equal(passed(force, 50), 10)
  clock.now += 99
  t.equal(passed(force, 50), 0)
  clock.now += 1
  t.equal(passed(force, 50), 1)
  clock.now += 500
  t.equal(passed(force, 50), 5)
  clock.now += 3_600_000
  t.equal(passed(force, 50), 10, 'an hour of silence saves up nothing more')
})

t.test('of a few in a long time one comes through at a time', async t => {
  const { clock, force } = at({ count: 30, perMs: 60_000 })
  t.equal(passed(force, 5), 1)
  clock.now += 1_999
  t.equal(passed(force, 5), 0)
  clock.now += 1
  t.equal(passed(force, 5), 1)
})

t.test('0 lets nothing through', async t => {
  const { clock, force } = at({ count: 0, perMs: 1000 })
  t.equal(passed(force, 5), 0)
  clock.now += 60_000
  t.equal(passed(force, 5), 0)
})

t.test('in no stretch of time comes more through than one bucket and what flows in', async t => {
  const steps = fc.array(fc.tuple(fc.nat(5_000), fc.nat(30)), { minLength: 1, maxLength: 40 })
  const limits = fc.record({ count: fc.integer({ min: 1, max: 50 }), perMs: fc.constantFrom(1000, 60_000) })
  fc.assert(
    fc.property(limits, steps, (limit, times) => {
      const { clock, force } = at(limit)
      const begin = clock.now
      let through = 0
      for (const [pause, asked] of times) {
        clock.now += pause
        through += passed(force, asked)
      }
      const flow = ((clock.now - begin) * limit.count) / limit.perMs
      assert(through <= Math.max(1, (limit.count * 1000) / limit.perMs) + flow + 1e-6)
    })
  )
  t.pass('whatever the rhythm')
})
