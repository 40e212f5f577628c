import t from 'tap'
import { createBudget } from '../../src/proxy/budget.ts'

function budgetAt() {
  const clock = { now: 0 }
  const budget = createBudget(() => clock.now)
  const taken = () => {
    let count = 0
    while (count < 1000 && budget.take()) count++
    return count
  }
  const spend = (times: number) => {
    for (let i = 0; i < times; i++) budget.spend()
  }
  return { clock, taken, spend }
}

t.test('three may always be sent again, and of many a fifth', async t => {
  const { taken, spend } = budgetAt()
  t.equal(taken(), 3)
  spend(100)
  t.equal(taken(), 17)
  t.equal(taken(), 0)
})

t.test('what came and what was sent again counts for this window and the next', async t => {
  const { clock, taken, spend } = budgetAt()
  spend(100)
  clock.now = 10_000
  t.equal(taken(), 20)
  clock.now = 20_000
  t.equal(taken(), 0, 'twenty were taken in the window before')
  clock.now = 40_000
  t.equal(taken(), 3)
})
