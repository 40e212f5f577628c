import t from 'tap'
import { judge } from '../../src/report/late.ts'
import type { KeepBudgets } from '../../src/rules/rules.ts'
import { policyOf } from '../mediate/policies.ts'
import { outcomeOf, routeOf, spanId, start, traceId, untraced } from './outcomes.ts'

const headers = [['traceparent', `00-${traceId}-${spanId}-00`]] as const

/** Budgets of so many, and what was asked of them. */
function budgets(errors = 1, slow = 1) {
  const asked: string[] = []
  const of = (name: string, count: number) => {
    let left = count
    return () => {
      asked.push(name)
      return left-- > 0
    }
  }
  const both: KeepBudgets = { errors: of('errors', errors), slow: of('slow', slow) }
  return { ...both, asked }
}

/** A request whose trace was dropped. */
const dropped = (differing: Parameters<typeof outcomeOf>[0] = {}) => outcomeOf(differing, { headers })
const slowEnd = start + 1000

t.test(
  'what was kept from the start is, and asks no budget; it is urgent when it failed or was slow',
  async t => {
    const all = budgets()
    const head = { outcome: 'kept', reason: 'parent', late: undefined }
    t.strictSame(judge(outcomeOf(), all), { ...head, urgent: false })
    t.strictSame(judge(outcomeOf({ status: 503 }), all), { ...head, urgent: true })
    t.strictSame(judge(outcomeOf({ end: slowEnd }), all), { ...head, urgent: true })
    t.strictSame(all.asked, [])
  }
)

t.test('what failed or was slow is kept after all, each by its own budget', async t => {
  const all = budgets()
  t.match(judge(dropped(), all), { outcome: 'dropped', reason: 'parent', urgent: false })
  t.match(judge(dropped({ status: 500 }), all), { outcome: 'kept', reason: 'error', late: 'error' })
  t.match(judge(dropped({ end: slowEnd - 0.1 }), all), { outcome: 'dropped', late: undefined })
  t.match(judge(dropped({ end: slowEnd }), all), { outcome: 'kept', reason: 'slow', late: 'slow' })
  t.strictSame(all.asked, ['errors', 'slow'])
  t.match(judge(dropped({ status: 500 }), all), { outcome: 'over_budget', reason: 'error', late: undefined })
  t.match(judge(dropped({ end: slowEnd }), all), { outcome: 'over_budget', reason: 'slow', late: undefined })
})

t.test('a slow error for which there is no budget left may still be slow', async t => {
  const both = { status: 500, end: slowEnd }
  t.match(judge(dropped(both), budgets(0, 1)), { reason: 'slow', late: 'slow' })
  t.match(judge(dropped(both), budgets(0, 0)), { outcome: 'over_budget', reason: 'error' })
})

t.test('an answer that was cut is an error; a caller that left, or was wrong, is none', async t => {
  const late = (status: number, failure: string | undefined) =>
    judge(dropped({ status, failure }), budgets())?.late
  t.equal(late(200, 'UPSTREAM_INCOMPLETE'), 'error')
  t.equal(late(200, 'CALLER_GONE'), undefined)
  t.equal(late(499, 'CALLER_GONE'), undefined)
  t.equal(late(408, 'REQUEST_TIMEOUT'), undefined)
  t.equal(late(404, undefined), undefined)
})

t.test('where a route keeps nothing after all nothing is, and no budget asked', async t => {
  const route = routeOf({ slowerThanMs: undefined })
  const all = budgets()
  t.match(judge(dropped({ route, status: 500, end: slowEnd }), all), { outcome: 'dropped', urgent: true })
  t.strictSame(all.asked, [])
})

t.test('without a trace, or in none, there is nothing to judge', async t => {
  t.equal(judge(untraced({ status: 503 }), budgets()), undefined)
  const route = routeOf({ policy: policyOf({ spans: 'none' }) })
  t.equal(judge(dropped({ route, status: 503 }), budgets()), undefined)
})

t.test('an upgraded connection is slow when its 101 was, however long it lived', async t => {
  const upgraded = { at: slowEnd - 1, received: 0, by: 'caller', code: 1000 }
  const lived = { status: 101, end: start + 3_600_000 }
  t.match(judge(dropped({ ...lived, upgraded }), budgets()), { outcome: 'dropped', urgent: false })
  t.match(judge(dropped({ ...lived, upgraded: { ...upgraded, at: slowEnd } }), budgets()), { late: 'slow' })
})
