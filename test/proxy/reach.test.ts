import t from 'tap'
import { createReach } from '../../src/proxy/reach.ts'

function reachAt() {
  const clock = { now: 0 }
  return { clock, ...createReach(() => clock.now) }
}

t.test('what cannot be connected to is passed over for a while, then tried by one', async t => {
  const { clock, lost, tried, isLost } = reachAt()
  t.notOk(isLost())
  t.ok(lost(), 'news')
  t.notOk(lost(), 'what was under way together says one thing')
  clock.now = 249
  t.ok(isLost())
  clock.now = 250
  t.notOk(isLost())
  tried()
  t.ok(isLost(), 'while one tries it the others need not')
  t.notOk(lost())
  clock.now = 749
  t.ok(isLost(), 'twice as long')
  clock.now = 750
  t.notOk(isLost())
})

t.test('the wait grows up to ten seconds, and only by tries after it was over', async t => {
  const { clock, lost, tried, isLost } = reachAt()
  lost()
  for (let i = 0; i < 9; i++) {
    tried()
    lost()
  }
  clock.now = 250
  t.notOk(isLost(), 'where all are lost each is tried all the time')
  for (let i = 0; i < 9; i++) {
    clock.now += 10_000
    tried()
    lost()
  }
  clock.now += 9_999
  t.ok(isLost())
  clock.now += 1
  t.notOk(isLost())
})

t.test('an answer ends it', async t => {
  const { lost, answered, isLost } = reachAt()
  t.notOk(answered())
  lost()
  t.ok(answered(), 'news')
  t.notOk(isLost())
  t.ok(lost())
})
