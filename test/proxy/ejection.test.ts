import t from 'tap'
import { createEjector, hasRoom } from '../../src/proxy/ejection.ts'

const rule = { failures: 3, forMs: 1000, most: 0.1 }

function ejectorAt() {
  const clock = { now: 0 }
  return { clock, ...createEjector(rule, () => clock.now) }
}

t.test('a target is out after failures in a row, for a time that doubles up to five minutes', async t => {
  const { clock, failed, isOut } = ejectorAt()
  t.equal(failed(true), undefined)
  t.equal(failed(true), undefined)
  t.notOk(isOut())
  t.equal(failed(true), 1000)
  clock.now = 999
  t.ok(isOut())
  clock.now = 1000
  t.notOk(isOut())
  const times: (number | undefined)[] = []
  for (let i = 0; i < 10; i++) {
    const ms = failed(true)
    times.push(ms)
    clock.now += ms ?? 0
  }
  t.same(times.slice(0, 3), [2000, 4000, 8000], 'one failure after its return is enough')
  t.equal(times.at(-1), 300_000)
})

t.test('a success between breaks the row, and a long peace makes up for the past', async t => {
  const { clock, failed, succeeded } = ejectorAt()
  failed(true)
  failed(true)
  t.notOk(succeeded())
  failed(true)
  t.equal(failed(true), undefined)
  t.equal(failed(true), 1000)
  clock.now = 500
  t.notOk(succeeded(), 'what was sent before is no proof')
  clock.now = 1500
  t.ok(succeeded(), 'said once')
  t.notOk(succeeded())
  clock.now = 400_000
  for (let i = 0; i < 2; i++) failed(true)
  t.equal(failed(true), 1000)
})

t.test('failures while it is out, or without room, change nothing', async t => {
  const { clock, failed, isOut } = ejectorAt()
  for (let i = 0; i < 9; i++) t.equal(failed(false), undefined)
  t.notOk(isOut())
  t.equal(failed(true), 1000)
  clock.now = 500
  t.equal(failed(true), undefined)
  clock.now = 1000
  t.notOk(isOut())
})

t.test('one may always be out, the last never, and of many a share', async t => {
  t.notOk(hasRoom(1, 0, 1))
  t.ok(hasRoom(2, 0, 0.1))
  t.notOk(hasRoom(2, 1, 1))
  t.notOk(hasRoom(10, 1, 0.1))
  t.ok(hasRoom(20, 1, 0.1))
  t.notOk(hasRoom(20, 2, 0.1))
})
