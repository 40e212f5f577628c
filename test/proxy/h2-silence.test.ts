import t from 'tap'
import { createSilence, type LaneDue, type LaneState } from '../../src/proxy/h2-silence.ts'

const fresh: LaneState = { open: 1, received: 0, answered: 0, closed: false }

/** All that a connection is due within ten minutes, with the second of it; looked at once in a second. */
function duesOf(
  at: (second: number, pings: number) => Partial<LaneState>
): readonly (readonly [due: LaneDue, second: number])[] {
  const listen = createSilence(30_000)
  const dues: [LaneDue, number][] = []
  let pings = 0
  for (let second = 0; second <= 600; second++) {
    const due = listen(second * 1000, { ...fresh, ...at(second, pings) })
    if (due === 'ping') pings++
    if (due !== undefined && dues.at(-1)?.[0] !== due) dues.push([due, second])
    if (due === 'dead' || due === 'left') break
  }
  return dues
}

t.test('a connection that says nothing is asked, then spared, then given up', async t => {
  t.same(
    duesOf(() => ({})),
    [
      ['ping', 6],
      ['retire', 12],
      ['dead', 37]
    ]
  )
})

t.test('one that answers is asked no more often than servers of gRPC allow', async t => {
  const listen = createSilence(30_000)
  const asked: number[] = []
  for (let second = 0; second <= 600; second++) {
    const pings = asked.length
    if (listen(second * 1000, { ...fresh, received: 17 * pings, answered: pings }) === 'ping')
      asked.push(second)
  }
  t.same(asked, [6, 307])
})

t.test('after other bytes it is asked anew', async t => {
  const listen = createSilence(30_000)
  const asked: number[] = []
  for (let second = 0; second <= 60; second++) {
    const pings = asked.length
    const received = 17 * pings + (second < 30 ? 0 : 100)
    if (listen(second * 1000, { ...fresh, received, answered: pings }) === 'ping') asked.push(second)
  }
  t.same(asked, [6, 36])
})

t.test('nobody is asked while there is nothing to wait for; without a stream it goes in time', async t => {
  t.same(
    duesOf(second => ({ open: 0, closed: second > 31 })),
    [
      ['retire', 31],
      ['left', 36]
    ].map(([due, second]) => [due, second])
  )
  t.same(
    duesOf(second => ({ received: second })),
    []
  )
})

t.test('one that is over keeps its place only while a stream is left', async t => {
  t.same(
    duesOf(second => ({ closed: true, received: second, open: second < 20 ? 1 : 0 })),
    [['left', 24]]
  )
})
