import t from 'tap'
import { createSweep, type Looked, unseated } from '../../src/proxy/sweep.ts'
import { until } from '../until.ts'

function seated(look: Looked['look']): Looked {
  return { look, seat: unseated }
}

t.test('everything under way is looked at, again and again, by a clock that goes on', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  const times: number[] = []
  const one = seated(time => void times.push(time))
  sweep.add(one)
  await until(() => times.length === 4, 'it was looked at')
  for (let index = 1; index < times.length; index++) t.ok((times[index] ?? 0) > (times[index - 1] ?? 0))
  sweep.delete(one)
  const { length } = times
  let others = 0
  sweep.add(seated(() => void others++))
  await until(() => others > 1, 'others are')
  t.equal(times.length, length, 'what is over is not looked at any more')
})

t.test('a process that did not get to run counts it for nobody', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  const times: number[] = []
  sweep.add(seated(time => void times.push(time)))
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
  const one = seated(() => {
    looks++
    sweep.delete(one)
  })
  sweep.add(one)
  await until(() => looks === 1, 'it was looked at')
  await new Promise(resolve => setTimeout(resolve, 150))
  sweep.add(one)
  await until(() => looks === 2, 'it was looked at again')
})

t.test('whoever comes and goes, each that stays is looked at once each time', async t => {
  const sweep = createSweep()
  t.teardown(sweep.close)
  const looks = new Map<number, number[]>()
  const all = Array.from({ length: 50 }, (_, index) =>
    seated(time => void looks.set(index, [...(looks.get(index) ?? []), time]))
  )
  for (const one of all) sweep.add(one)
  for (const one of all) sweep.add(one)
  for (const [index, one] of all.entries()) if (index % 3 !== 0) sweep.delete(one)
  for (const [index, one] of all.entries()) if (index % 3 !== 0) sweep.delete(one)
  const [first] = all
  if (first !== undefined) sweep.delete(first)
  await until(() => (looks.get(3)?.length ?? 0) > 2, 'they were looked at')
  t.strictSame(
    [...looks.keys()].sort((a, b) => a - b),
    all.map((_, index) => index).filter(index => index % 3 === 0 && index > 0)
  )
  for (const times of looks.values()) t.equal(new Set(times).size, times.length)
})
