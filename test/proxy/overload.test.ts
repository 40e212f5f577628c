import t, { type Test } from 'tap'
import { createPressure, type Level, type Readings, unsampled } from '../../src/proxy/overload.ts'
import { createLog } from '../../src/report/log.ts'
import type { Overload } from '../../src/rules/limits.ts'
import { planOf } from '../mediate/policies.ts'
import { until } from '../until.ts'

const calm: Readings = { delay: 0, heap: 10, heapLimit: 100, resident: 10, residentLimit: undefined }

function times(count: number, readings: Partial<Readings>): readonly Partial<Readings>[] {
  return Array.from({ length: count }, () => readings)
}

/** A watch over what the test says there is to do. */
function watched(t: Test, overload: Overload | undefined = { delay: 1000, memory: undefined }) {
  let ahead: Partial<Readings>[] = []
  const levels: Level[] = []
  const log: string[] = []
  const pressure = createPressure({
    overload: () => overload,
    log: createLog({ level: 'info', write: line => log.push(line) }),
    changed: level => levels.push(level),
    read: () => ({ ...calm, ...ahead.shift() }),
    everyMs: 1
  })
  t.teardown(pressure.close)
  /** Reads these, each once, and all calm after them. */
  const reads = async (...readings: readonly Partial<Readings>[]) => {
    ahead = [...readings]
    await until(() => ahead.length === 0, 'it looked')
  }
  return { ...pressure, reads, levels, log }
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
    const { reads, levels } = watched(t)
    await reads(...times(4, readings))
    t.equal(levels[0], level, JSON.stringify(readings))
  }
})

t.test('rules can say how much memory is too much', async t => {
  const { reads, levels, shares } = watched(t, { delay: 1000, memory: 50 })
  await reads(...times(4, { resident: 49, residentLimit: 1000 }))
  t.equal(levels[0], 3)
  t.ok(shares().has('memory'))
})

t.test('it goes back by itself, and each change is said once', async t => {
  const { reads, levels, log, level } = watched(t)
  await reads(...times(20, { delay: 2000 }))
  await until(() => level() === 0, 'all is well again')
  t.strictSame(levels, [3, 0])
  t.equal(log.length, 2)
  t.match(JSON.parse(log[0] ?? ''), { level: 'warn', message: /too much to do/ })
  t.match(log[1], /not too much to do any more/)
})

t.test('a single stall sheds nothing', async t => {
  const { reads, levels } = watched(t)
  await reads({ delay: 5000 }, ...times(10, {}))
  t.strictSame(levels, [])
})

t.test('a moment of calm is no end of it', async t => {
  const { reads, levels } = watched(t)
  const round = [...times(4, { delay: 5000 }), {}]
  await reads(...round, ...round, ...round)
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
    // More than a machine that is busy with others keeps it waiting.
    overload: () => ({ delay: 60_000, memory: 2 ** 40 }),
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
