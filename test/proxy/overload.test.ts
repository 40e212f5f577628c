import t, { type Test } from 'tap'
import { createPressure, type Level, type Readings, unsampled } from '../../src/proxy/overload.ts'
import { createLog } from '../../src/report/log.ts'
import type { Overload } from '../../src/rules/limits.ts'
import { planOf } from '../mediate/policies.ts'
import { until } from '../until.ts'

const calm: Readings = { delay: 0, heap: 10, heapLimit: 100, resident: 10, residentLimit: undefined }

/** A watch over what the test says there is to do. */
function watched(t: Test, overload: Overload | undefined = { delay: 1000, memory: undefined }) {
  let readings: Partial<Readings> = {}
  let looks = 0
  const levels: Level[] = []
  const log: string[] = []
  const pressure = createPressure({
    overload: () => overload,
    log: createLog({ level: 'info', write: line => log.push(line) }),
    changed: level => levels.push(level),
    read: () => {
      looks++
      return { ...calm, ...readings }
    },
    everyMs: 1
  })
  t.teardown(pressure.close)
  /** Holds for so many readings. */
  const holds = async (next: Partial<Readings>, times: number) => {
    readings = next
    const from = looks
    await until(() => looks >= from + times, 'it looked')
    readings = {}
  }
  return { ...pressure, holds, levels, log }
}

t.test('each resource alone can be too much', async t => {
  for (const [readings, level] of [
    [{ delay: 860 }, 1],
    [{ delay: 930 }, 2],
    [{ delay: 5000 }, 3],
    [{ heap: 86 }, 1],
    [{ heap: 96 }, 3],
    [{ resident: 93, residentLimit: 100 }, 2]
  ] as const) {
    const { holds, levels } = watched(t)
    await holds(readings, 4)
    t.equal(levels[0], level, JSON.stringify(readings))
  }
})

t.test('rules can say how much memory is too much', async t => {
  const { holds, levels, shares } = watched(t, { delay: 1000, memory: 50 })
  await holds({ resident: 49, residentLimit: 1000 }, 4)
  t.equal(levels[0], 3)
  t.ok(shares().has('memory'))
})

t.test('it goes back by itself, and each change is said once', async t => {
  const { holds, levels, log, level } = watched(t)
  await holds({ delay: 2000 }, 20)
  await until(() => level() === 0, 'all is well again')
  t.strictSame(levels, [3, 0])
  t.equal(log.length, 2)
  t.match(JSON.parse(log[0] ?? ''), { level: 'warn', message: /too much to do/ })
  t.match(log[1], /not too much to do any more/)
})

t.test('a single stall sheds nothing', async t => {
  const { holds, levels } = watched(t)
  await holds({ delay: 5000 }, 1)
  await holds({}, 10)
  t.strictSame(levels, [])
})

t.test('a moment of calm is no end of it', async t => {
  const { holds, levels } = watched(t)
  for (let round = 0; round < 3; round++) {
    await holds({ delay: 5000 }, 4)
    await holds({}, 1)
  }
  t.strictSame(levels, [3])
})

t.test('who does not want it watched is left alone', async t => {
  const pressure = createPressure({
    overload: () => undefined,
    log: createLog({ level: 'info', write: line => t.fail(line) }),
    changed: () => t.fail('nothing changes'),
    read: () => ({ ...calm, delay: 5000, heap: 99 }),
    everyMs: 1
  })
  t.teardown(pressure.close)
  await until(() => pressure.shares().size > 0, 'it looked')
  t.equal(pressure.level(), 0)
})

t.test('the readings of this process are within reason', async t => {
  const pressure = createPressure({
    overload: () => ({ delay: 1000, memory: 2 ** 40 }),
    log: createLog({ level: 'info', write: () => {} }),
    changed: () => {},
    everyMs: 20
  })
  t.teardown(pressure.close)
  await until(() => pressure.shares().size === 3, 'it looked')
  for (const [resource, share] of pressure.shares()) t.ok(share >= 0 && share < 1, `${resource} ${share}`)
})

t.test('with no spans to keep, no trace is kept that begins here', async t => {
  const plan = unsampled({ ...planOf(), boost: () => true })
  t.equal(plan.sampler.rate(), 0)
  t.equal(plan.boost(), false)
})
