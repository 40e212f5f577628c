import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { migrationOf } from '../../src/report/migration.ts'
import { createPropagation } from '../../src/report/propagation.ts'
import type { Unneeded } from '../../src/report/unneeded.ts'
import { policyOf } from '../mediate/policies.ts'
import { outcomeOf, routeOf, sampled, spanId, start, traceId } from './outcomes.ts'

const day = 86_400_000
const route = routeOf({ policy: policyOf({ accept: [w3c, b3, jaeger] }) })
const b3Fields = [['b3', `${traceId}-${spanId}-1`]] as const
const week: Unneeded = { text: '7d', ms: 7 * day }

/** Day 0: b3 alone. Day 9: both. */
function counted() {
  const propagation = createPropagation(() => start)
  propagation.watch([route])
  propagation.request(outcomeOf({ route, end: start }, { headers: b3Fields }))
  propagation.request(outcomeOf({ route, end: start + 9 * day }, { headers: [...sampled, ...b3Fields] }))
  propagation.request(outcomeOf({ route, end: start + 9 * day, userAgent: 'okhttp/4' }))
  return propagation
}

function verdicts(now: number, unneeded = week) {
  const report = migrationOf(counted(), { routes: [route] }, now, unneeded)
  return new Map(report.unneeded?.routes.map(one => [one.dialect, one]))
}

t.test('the report counts for all routes, for each, and for each client group', async t => {
  const report = migrationOf(counted(), { routes: [route] }, start + 9 * day)
  t.match(report, {
    since: '2026-01-02T03:04:05.006Z',
    now: '2026-01-11T03:04:05.006Z',
    requests: 3,
    unneeded: undefined
  })
  t.match(report.dialects, [
    {
      dialect: 'b3',
      arrived: 2,
      alone: 1,
      needed: 1,
      malformed: {},
      last: '2026-01-11T03:04:05.006Z',
      lastNeeded: '2026-01-02T03:04:05.006Z'
    },
    { dialect: 'w3c', arrived: 2, alone: 1, needed: 1 }
  ])
  t.match(report.routes, [{ route: '/orders/{id}', requests: 3, dialects: [{ dialect: 'b3' }] }])
  t.match(report.clients, [
    { agent: 'none', dialects: ['b3'], requests: 1, needed: { b3: 1 } },
    { agent: 'none', dialects: ['w3c', 'b3'], requests: 1, needed: {} },
    { agent: 'okhttp', from: '10.0.0.0/24', dialects: ['w3c'], requests: 1, needed: { w3c: 1 } }
  ])
})

t.test('an upstream that answers with another trace is told of, in numbers and in words', async t => {
  const whyOf = (...outcomes: readonly ('same' | 'other' | 'malformed')[]) => {
    const propagation = createPropagation(() => start)
    for (const outcome of outcomes) {
      const answer = { outcome, spanId: undefined }
      propagation.request(outcomeOf({ route, end: start + 5 }, { tries: [{ answer }] }))
    }
    return migrationOf(propagation, { routes: [route] }, start).routes[0]?.answers
  }
  t.strictSame(whyOf('same', 'other', 'malformed', 'other'), [
    {
      upstream: 'orders',
      same: 1,
      other: 2,
      malformed: 1,
      lastOther: '2026-01-02T03:04:05.011Z',
      why: 'orders sometimes answers with another trace: it did not continue ours'
    }
  ])
  t.match(whyOf('other'), [{ why: 'orders answers with another trace: it did not continue ours' }])
  t.match(whyOf('same', 'malformed'), [{ lastOther: null, why: 'orders continues our trace' }])
  t.match(whyOf('malformed'), [{ why: 'what orders answers of its trace cannot be read' }])
  const silent = createPropagation(() => start)
  silent.request(outcomeOf({ route }))
  t.strictSame(migrationOf(silent, { routes: [route] }, start).routes[0]?.answers, [])
})

t.test('several routes are summed, with the later of their times', async t => {
  const propagation = createPropagation(() => start)
  const second = routeOf({ name: 'second', policy: route.policy })
  propagation.request(outcomeOf({ route, end: start + 5 }, { headers: b3Fields }))
  propagation.request(outcomeOf({ route: second, end: start + 2 }, { headers: [['b3', 'x'], ...sampled] }))
  propagation.request(outcomeOf({ route: second, end: start + 3 }, { headers: b3Fields }))
  const [first] = migrationOf(propagation, { routes: [] }, start).dialects
  t.match(first, { dialect: 'b3', arrived: 2, malformed: {}, last: '2026-01-02T03:04:05.011Z' })
})

t.test('a dialect is safe to stop accepting once it was not needed for the whole time', async t => {
  const now = start + 9 * day + 1
  t.match(verdicts(now).get('b3'), { safeToStopAccepting: 'yes', why: /another dialect said as much/ })
  t.match(verdicts(now).get('jaeger'), { safeToStopAccepting: 'yes', why: /did not arrive/ })
  t.match(verdicts(now).get('w3c'), { safeToStopAccepting: 'no', why: /needed at 2026-01-11/ })
  t.match(verdicts(now, { text: '9d', ms: 9 * day + 1 }).get('b3'), { safeToStopAccepting: 'no' })
})

t.test('what was not watched for so long, or had no traffic, is not known', async t => {
  const month: Unneeded = { text: '30d', ms: 30 * day }
  t.match(verdicts(start + 9 * day, month).get('jaeger'), {
    safeToStopAccepting: 'unknown',
    why: /only since/
  })
  t.match(verdicts(start + 20 * day).get('b3'), { safeToStopAccepting: 'unknown', why: /no request took/ })
  const unused = createPropagation(() => 0)
  unused.watch([route])
  const idle = migrationOf(unused, { routes: [route] }, start, week)
  t.match(idle.unneeded?.routes[0], { safeToStopAccepting: 'unknown', why: /no request took/ })
})

t.test('a dialect that a reload brought is not known until it was accepted for the whole time', async t => {
  let now = start
  const propagation = createPropagation(() => now)
  const before = routeOf({ policy: policyOf({ accept: [w3c] }) })
  propagation.watch([before])
  for (; now < start + 8 * day; now += day) {
    propagation.request(outcomeOf({ route: before, end: now }, { headers: b3Fields }))
  }
  const verdict = () => {
    const report = migrationOf(propagation, { routes: [route] }, now, week)
    return report.unneeded?.routes.find(({ dialect }) => dialect === 'b3')
  }
  t.match(verdict(), { safeToStopAccepting: 'unknown', why: 'it is not watched on this route yet' })
  propagation.watch([route])
  t.match(verdict(), {
    safeToStopAccepting: 'unknown',
    why: /accept it only since 2026-01-10T03:04:05.006Z/
  })
  now += 8 * day
  propagation.request(outcomeOf({ route, end: now }))
  t.match(verdict(), { safeToStopAccepting: 'yes', why: /did not arrive/ })
})

t.test('a dialect that names a trace of its own is for people to judge', async t => {
  const propagation = createPropagation(() => start)
  propagation.watch([route])
  const end = start + 8 * day
  const other = [['b3', `${'c'.repeat(32)}-${spanId}-1`]] as const
  propagation.request(outcomeOf({ route, end }, { headers: [...sampled, ...other] }))
  const report = migrationOf(propagation, { routes: [route] }, end, week)
  t.match(
    report.unneeded?.routes.find(({ dialect }) => dialect === 'b3'),
    { safeToStopAccepting: 'unknown', why: /named another trace .* 2026-01-10T03:04:05.006Z/ }
  )
  t.match(report.dialects, [{ dialect: 'w3c' }, { lost: 1, lastLost: '2026-01-10T03:04:05.006Z' }])
})

t.test('strangers alone do not keep a dialect, and are told of', async t => {
  const propagation = createPropagation(() => start)
  propagation.watch([route])
  const end = start + 8 * day
  propagation.request(outcomeOf({ route, end }, { headers: b3Fields, trust: 'restart' }))
  const report = migrationOf(propagation, { routes: [route] }, end, week)
  t.match(
    report.unneeded?.routes.find(({ dialect }) => dialect === 'b3'),
    { safeToStopAccepting: 'yes', why: /only callers that are not believed need it, for the link/ }
  )
  t.match(report.dialects, [{ needed: 0, neededOutside: 1, lastNeededOutside: '2026-01-10T03:04:05.006Z' }])
})
