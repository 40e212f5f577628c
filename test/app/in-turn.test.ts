import t from 'tap'
import { inTurn } from '../../src/app/in-turn.ts'
import { createLog } from '../../src/report/log.ts'

const told: string[] = []
const log = createLog({ level: 'info', write: line => told.push(line) })

t.test('one begins when the one before has ended', async t => {
  const events: string[] = []
  const ends: (() => void)[] = []
  let begun = 0
  const next = inTurn(async () => {
    const number = ++begun
    events.push(`${number} begins`)
    await new Promise<void>(resolve => ends.push(resolve))
    events.push(`${number} ends`)
    return number
  }, log)
  const both = [next(), next()]
  await new Promise(setImmediate)
  t.same(events, ['1 begins'])
  ends[0]?.()
  await both[0]
  await new Promise(setImmediate)
  ends[1]?.()
  t.same(await Promise.all(both), [1, 2])
  t.same(events, ['1 begins', '1 ends', '2 begins', '2 ends'])
})

t.test('one that fails is told of, and the next begins all the same', async t => {
  let calls = 0
  const next = inTurn(async () => {
    if (++calls === 1) throw new Error('broken')
    return calls
  }, log)
  const [first, second] = [next(), next()]
  await t.rejects(first, { message: 'broken' })
  t.equal(await second, 2)
  t.match(told.join(''), 'a reload failed')
})
