import t from 'tap'
import {
  addFlow,
  countBreak,
  emptyFlow,
  type Flow,
  minuteOf,
  recentFrom,
  recentOf,
  stretchOf,
  totalOf
} from '../../src/report/flow.ts'
import { add } from '../../src/sketch/bins.ts'

const minute = 60_000
const start = 1_000_000 * minute

function counted(...times: readonly number[]): Flow {
  const flow = emptyFlow()
  for (const time of times) {
    const stretch = stretchOf(flow, minuteOf(time))
    add(stretch.bins, 7)
    stretch.errors++
    countBreak(stretch, 'restarted')
  }
  return flow
}

function sums(flow: Flow, now: number): readonly number[] {
  return [totalOf(flow).bins.count, recentOf(flow, now).bins.count]
}

t.test('what is older than five minutes is in the total alone', async t => {
  const flow = counted(start, start + minute, start + 4 * minute)
  t.same(sums(flow, start + 4.9 * minute), [3, 3])
  t.same(sums(flow, start + 5 * minute), [3, 2])
  t.same(sums(flow, start + 6 * minute), [3, 1])
  t.same(sums(flow, start + 600 * minute), [3, 0])
  t.equal(recentFrom(start + 4.9 * minute), start)
})

t.test('a slot that is used again loses nothing', async t => {
  const flow = counted(...Array.from({ length: 100 }, (_, i) => start + i * 0.5 * minute))
  t.same(sums(flow, start + 49.5 * minute), [100, 10])
  const total = totalOf(flow)
  t.same([total.errors, total.broken.get('restarted')], [100, 100])
})

t.test('the sum of two processes is what one would have counted, be one of them behind', async t => {
  const times = [start, start + 2 * minute, start + 3 * minute, start + 7 * minute, start + 8 * minute]
  for (let split = 0; split < 2 ** times.length; split++) {
    const left = counted(...times.filter((_, i) => split & (1 << i)))
    const right = counted(...times.filter((_, i) => !(split & (1 << i))))
    const sum = emptyFlow()
    addFlow(sum, left)
    addFlow(sum, right)
    t.same(sums(sum, start + 8 * minute), sums(counted(...times), start + 8 * minute), `${split}`)
    t.equal(totalOf(sum).errors, times.length)
  }
})

t.test('reasons without end are others', async t => {
  const flow = emptyFlow()
  for (let i = 0; i < 1000; i++) countBreak(flow.before, `reason ${i}`)
  t.equal(flow.before.broken.size, 41)
  t.equal(flow.before.broken.get('other'), 960)
})
