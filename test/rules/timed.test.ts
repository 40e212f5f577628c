import t from 'tap'
import { createTimed, type TimedRule } from '../../src/rules/timed.ts'
import { planOf } from '../mediate/policies.ts'
import { match, target } from '../route/match.ts'

const none: ReadonlyMap<string, string> = new Map()
const plan = { ...planOf('cap', 0.25), boost: () => true }

function rule(differing: Partial<TimedRule> = {}): TimedRule {
  const where = { routes: undefined, tags: undefined }
  return { match: match({}), where, rate: 1, parent: undefined, forMs: 1000, ...differing }
}

function world() {
  const clock = { now: 7 }
  const timed = createTimed(() => clock.now)
  return { clock, timed, over: (line = 'GET /', route = '') => timed.over(plan, target(line), route, none) }
}

t.test('with none in force the plan is the rules’ own', async t => {
  t.equal(world().over(), plan)
})

t.test('one in force replaces the sampler, and the boost; the rest is as it was', async t => {
  const { timed, over } = world()
  timed.put(rule({ rate: 0.5 }))
  const { sampler, parent, boost, force, demand } = over()
  t.equal(sampler.rate(), 0.5)
  t.equal(boost(), false)
  t.strictSame([parent, force, demand], [plan.parent, plan.force, plan.demand])
  timed.put(rule({ parent: 'ignore' }))
  t.equal(over().parent, 'ignore')
})

t.test('it is in force until its time is over, to the millisecond', async t => {
  const { clock, timed, over } = world()
  timed.put(rule())
  clock.now += 999
  t.not(over(), plan)
  t.match(timed.running(), [{ id: '1', remainingMs: 1 }])
  clock.now += 1
  t.equal(over(), plan)
  t.strictSame(timed.running(), [])
  t.equal(timed.end(), 0)
})

t.test('the latest is asked first; an equal match is replaced, however it is written', async t => {
  const { timed, over } = world()
  const headers = (...pairs: [string, string][]) => match({ headers: new Map(pairs) })
  timed.put(rule({ match: headers(['a', '1'], ['b', '2']), rate: 0.1 }))
  timed.put(rule({ match: headers(['b', '2'], ['a', '1']), rate: 0.2 }))
  t.equal(timed.running().length, 1)
  timed.put(rule({ match: match({ path: '/x' }), rate: 0.3 }))
  timed.put(rule({ rate: 0.4 }))
  t.equal(over('GET /x').sampler.rate(), 0.4)
  timed.end('4')
  t.equal(over('GET /x').sampler.rate(), 0.3)
  t.equal(over('GET /y'), plan)
})

t.test('what holds for a whole route is its rate', async t => {
  const { timed } = world()
  timed.put(rule({ rate: 0.2 }))
  timed.put(rule({ where: { routes: new Set(['a']), tags: undefined }, rate: 0.3 }))
  timed.put(rule({ match: match({ methods: ['GET'] }), rate: 0.4 }))
  t.strictSame([timed.rateOf('a', 1), timed.rateOf('b', 1)], [0.3, 0.2])
})
