import t from 'tap'
import { createSweep } from '../../src/proxy/sweep.ts'
import { until } from '../until.ts'

t.test('everything under way is looked at, again and again, by a clock that goes on', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  const times: number[] = []
  const one = { look: (time: number) => void times.push(time) }
  sweep.add(one)
  await until(() => times.length === 4, 'it was looked at')
  for (let index = 1; index < times.length; index++) t.ok((times[index] ?? 0) > (times[index - 1] ?? 0))
  sweep.delete(one)
  const { length } = times
  let others = 0
  sweep.add({ look: () => void others++ })
  await until(() => others > 1, 'others are')
  t.equal(times.length, length, 'what is over is not looked at any more')
})

t.test('a process that did not get to run counts it for nobody', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  const times: number[] = []
  sweep.add({ look: time => void times.push(time) })
  await until(() => times.length === 1, 'it was looked at')
  const end = performance.now() + 400
  while (performance.now() < end);
  await until(() => times.length === 2, 'it was looked at again')
  t.ok((times[1] ?? 0) - (times[0] ?? 0) <= 100)
})

t.test('one may end what it looks at, and it goes on after a rest', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  let looks = 0
  const one = {
    look: () => {
      looks++
      sweep.delete(one)
    }
  }
  sweep.add(one)
  await until(() => looks === 1, 'it was looked at')
  await new Promise(resolve => setTimeout(resolve, 150))
  sweep.add(one)
  await until(() => looks === 2, 'it was looked at again')
})
