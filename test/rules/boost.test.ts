import t from 'tap'
import { createBoost } from '../../src/rules/boost.ts'

function world(requests: number, forMs: number, tokens = Number.POSITIVE_INFINITY) {
  const clock = { now: 500 }
  let left = tokens
  const boost = createBoost(
    requests,
    forMs,
    () => left-- > 0,
    () => clock.now
  )
  return { clock, boost, left: () => left }
}

t.test('before any error nothing is kept', async t => {
  t.equal(world(3, 1000).boost.take(), false)
})

t.test('it ends after so many requests, or so much time', async t => {
  const { clock, boost } = world(2, 1000)
  boost.failed()
  t.same([boost.take(), boost.take(), boost.take()], [true, true, false])
  boost.failed()
  clock.now += 999
  t.equal(boost.take(), true)
  clock.now += 1
  t.equal(boost.take(), false)
})

t.test('each error begins it anew', async t => {
  const { clock, boost } = world(2, 1000)
  boost.failed()
  boost.take()
  clock.now += 900
  boost.failed()
  clock.now += 900
  t.same([boost.take(), boost.take(), boost.take()], [true, true, false])
})

t.test('only what it keeps takes of the budget', async t => {
  const { boost, left } = world(2, 1000, 3)
  boost.take()
  boost.failed()
  t.same([boost.take(), boost.take(), boost.take()], [true, true, false])
  t.equal(left(), 1)
  boost.failed()
  t.same([boost.take(), boost.take()], [true, false])
})
