// When memory is collected: once after a rush, and not while anybody is busy.
import t, { type Test } from 'tap'
import { createRush } from '../../src/proxy/rush.ts'

function watched(_: Test) {
  let time = 0
  let collected = 0
  const rush = createRush(
    () => {
      collected++
    },
    () => time
  )
  return {
    /** A second later. */
    after: (ended: number, left: number) => {
      time += 1000
      rush(ended, left)
      return collected
    }
  }
}

t.test('it is collected once the rush is over', async t => {
  const { after } = watched(t)
  t.equal(after(6000, 500), 0)
  t.equal(after(500, 0), 0, 'some have only just gone')
  t.equal(after(0, 0), 1)
  t.equal(after(0, 0), 1, 'and not again')
})

t.test('few connections are no rush, and busy ones no end of it', async t => {
  const { after } = watched(t)
  t.equal(after(3000, 0), 0)
  t.equal(after(0, 0), 0)
  t.equal(after(2000, 100), 0)
  t.equal(after(0, 100), 0)
  t.equal(after(0, 0), 1, 'but they add up')
})

t.test('a second rush waits for its minute', async t => {
  const { after } = watched(t)
  after(5000, 0)
  t.equal(after(0, 0), 1)
  t.equal(after(5000, 0), 1)
  for (let second = 0; second < 58; second++) t.equal(after(0, 0), 1)
  t.equal(after(0, 0), 2)
})

t.test('without a collector nothing happens', async t => {
  const rush = createRush(undefined, () => 1)
  t.doesNotThrow(() => {
    rush(9999, 0)
    rush(0, 0)
  })
})
