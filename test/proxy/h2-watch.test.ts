import t from 'tap'
import { createWatch, type Due, type Visit } from '../../src/proxy/h2-watch.ts'

const patience = { header: 10_000, keepAlive: 60_000 }
const fresh: Visit = { open: 0, received: 0, frames: 0, closed: false }

/** What a session is due first, and when: looked at once in a second, for five minutes. */
function dueOf(at: (second: number) => Partial<Visit>): readonly [due: Due, second: number] | undefined {
  const watch = createWatch()
  for (let second = 0; second <= 300; second++) {
    const due = watch(second * 1000, { ...fresh, ...at(second) }, patience)
    if (due !== undefined) return [due, second]
  }
  return undefined
}

t.test('bytes that become no request are not waited for longer than a header may take', async t => {
  t.same(
    dueOf(second => ({ received: 50 + second })),
    ['slow', 11]
  )
  t.same(
    dueOf(second => ({ received: second, frames: Math.min(second, 20) })),
    ['slow', 32],
    'from the last whole frame'
  )
})

t.test('a frame that no event tells of is no slow header', async t => {
  t.same(
    dueOf(second => ({ received: second < 5 ? 0 : 13 })),
    ['idle', 61]
  )
})

t.test('a session without streams ends in time, whatever it is asked by PING', async t => {
  t.same(
    dueOf(second => ({ received: 17 * second, frames: second })),
    ['idle', 61]
  )
  t.same(
    dueOf(second => ({ open: second < 100 ? 1 : 0, frames: second < 100 ? 1 : 2 })),
    ['idle', 160]
  )
})

t.test('one with streams may take its time', async t => {
  t.equal(
    dueOf(second => ({ open: 1, received: second })),
    undefined
  )
})

t.test('who does not hang up is hung up on', async t => {
  t.same(
    dueOf(second => ({ closed: true, open: second < 20 ? 1 : 0 })),
    ['left', 24]
  )
})
