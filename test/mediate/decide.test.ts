import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decide, planFor, rehearsed, reprieve } from '../../src/mediate/decide.ts'
import type { SamplingPlan } from '../../src/mediate/policy.ts'
import type { Sampling } from '../../src/trace/context.ts'
import { keeps, randomness, readOt } from '../../src/trace/probability.ts'
import { memberOf, withMember, withoutMember } from '../../src/trace/tracestate.ts'
import { samplings, tracestates } from '../dialects/contexts.ts'
import { planOf, unasked } from './policies.ts'

// Its randomness, the last 14 digits, passes every threshold up to ce929d0e0e4736.
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

function decided(wish: Sampling, plan: SamplingPlan, tracestate = '') {
  return decide(wish, traceId, tracestate, plan)
}

t.test('follow does as a believed caller says, and asks no sampler', async t => {
  t.strictSame(decided('keep', unasked), { sampling: 'keep', why: 'parent', tracestate: '' })
  t.strictSame(decided('drop', unasked), { sampling: 'drop', why: 'parent', tracestate: '' })
  t.strictSame(decided('debug', unasked), { sampling: 'debug', why: 'debug', tracestate: '' })
})

t.test('an open decision is the sampler’s, whatever the plan for parents', async t => {
  for (const parent of ['follow', 'cap', 'ignore'] as const) {
    t.strictSame(decided('defer', planOf(parent, 0.25)), {
      sampling: 'keep',
      why: 'ratio',
      tracestate: 'ot=th:c'
    })
    t.strictSame(decided('defer', planOf(parent, 0.1)), { sampling: 'drop', why: 'ratio', tracestate: '' })
  }
})

t.test('ignore lets the sampler decide over every wish', async t => {
  for (const wish of samplings) {
    t.match(decided(wish, planOf('ignore', 0.25)), { sampling: 'keep', why: 'ratio' }, wish)
    t.match(decided(wish, planOf('ignore', 0.1)), { sampling: 'drop', why: 'ratio' }, wish)
  }
})

t.test('cap lets a keep or a debug through at most at our own rate, and a drop always', async t => {
  t.match(decided('keep', planOf('cap', 0.25)), { sampling: 'keep', why: 'cap' })
  t.match(decided('keep', planOf('cap', 0.1)), { sampling: 'drop', why: 'cap' })
  t.match(decided('debug', planOf('cap', 0.25)), { sampling: 'debug', why: 'cap' })
  t.match(decided('debug', planOf('cap', 0.1)), { sampling: 'drop', why: 'cap' })
  t.match(decided('drop', planOf('cap', 1)), { sampling: 'drop', why: 'parent' })
})

t.test('cap writes the higher of two thresholds, compared as numbers', async t => {
  const th = (incoming: string, rate: number) =>
    readOt(decided('keep', planOf('cap', rate), `ot=th:${incoming}`).tracestate).th
  t.equal(th('0', 0.5), '8')
  t.equal(th('c', 0.5), 'c')
  t.equal(th('c01', 0.25), 'c01')
  t.equal(th('bfff', 0.25), 'c')
})

t.test('cap claims no odds where those of the caller are unknown or did not hold', async t => {
  for (const tracestate of ['', 'ot=th:d', 'ot=th:xyz', 'ot=rv:ffffffffffffff']) {
    const after = decided('keep', planOf('cap', 0.5), tracestate)
    t.match(after, { sampling: 'keep' })
    t.equal(readOt(after.tracestate).th, undefined, tracestate)
  }
  t.equal(readOt(decided('debug', planOf('cap', 0.5), 'ot=th:8').tracestate).th, undefined)
})

t.test('explicit randomness decides in place of the trace id', async t => {
  const low = 'ot=rv:00000000000001'
  t.match(decided('defer', planOf('follow', 0.25), low), { sampling: 'drop', tracestate: low })
  t.match(decided('defer', planOf('follow', 0.1), 'ot=rv:ffffffffffffff'), {
    sampling: 'keep',
    tracestate: 'ot=th:e666;rv:ffffffffffffff'
  })
})

t.test('a 64-bit id is sampled, but nobody is told odds that rest on it', async t => {
  const narrow = traceId.slice(16).padStart(32, '0')
  t.match(decide('defer', narrow, '', planOf('follow', 0.25), 64), { sampling: 'keep', tracestate: '' })
  t.match(decide('defer', narrow, '', planOf('follow', 0.1), 64), { sampling: 'drop', tracestate: '' })
})

t.test('a sampler that does not know its odds claims none', async t => {
  const sample = () => ({ keep: true, threshold: undefined })
  const plan: SamplingPlan = {
    ...planOf('cap'),
    sampler: { name: 'bucket', rate: () => 1, sample, peek: sample }
  }
  t.strictSame(decided('defer', plan, 'ot=th:8'), { sampling: 'keep', why: 'bucket', tracestate: '' })
  t.strictSame(decided('keep', plan, 'ot=th:8'), { sampling: 'keep', why: 'cap', tracestate: '' })
})

t.test('what callers force is counted where it is followed, and nothing else is', async t => {
  let asked = 0
  const counted = (parent: SamplingPlan['parent']): SamplingPlan => {
    return { ...planOf('follow', 0.25), parent, force: () => asked++ < 0 }
  }
  for (const wish of samplings) {
    for (const parent of ['cap', 'ignore'] as const) planFor(wish, counted(parent))
  }
  for (const wish of ['drop', 'defer'] as const) planFor(wish, counted('follow'))
  t.equal(asked, 0)
  for (const wish of ['keep', 'debug'] as const)
    t.match(planFor(wish, counted('follow')), { parent: 'limit' })
  t.equal(asked, 2, 'each once')
  t.equal(planFor('keep', unasked), unasked, 'below the ceiling the plan is as it was')
})

t.test('beyond the ceiling our own sampler decides, and nothing is kept past every limit', async t => {
  const beyond = (rate: number): SamplingPlan => ({ ...planOf('follow', rate), parent: 'limit' })
  for (const wish of ['keep', 'debug'] as const) {
    t.match(decided(wish, beyond(0.25)), { sampling: 'keep', why: 'limit' }, wish)
    t.match(decided(wish, beyond(0.1)), { sampling: 'drop', why: 'limit' }, wish)
  }
  t.equal(readOt(decided('keep', beyond(0.25), 'ot=th:8').tracestate).th, 'c', 'by the odds of both')
  t.equal(readOt(decided('keep', beyond(0.25)).tracestate).th, undefined)
  t.match(decided('drop', beyond(1)), { sampling: 'drop', why: 'parent' })
  t.match(decided('defer', beyond(1)), { sampling: 'keep', why: 'ratio' })
})

/** A plan that counts what it is asked, and says yes to all of it. */
function generous(parent: SamplingPlan['parent'] = 'follow') {
  const asked: string[] = []
  const yes = (what: string) => () => asked.push(what) > 0
  const plan: SamplingPlan = {
    ...planOf('follow', 0),
    parent,
    force: yes('force'),
    demand: { header: 'x-force', take: yes('demand') },
    boost: yes('boost')
  }
  return { plan, asked }
}

const demanding = (field: string) => (field === 'x-force' ? '1' : undefined)
const silent = () => undefined
const dropping = { sampling: 'drop', why: 'ratio', tracestate: 'a=1' } as const

t.test('what is kept already asks for no reprieve', async t => {
  const { plan, asked } = generous()
  for (const sampling of ['keep', 'debug'] as const) {
    const decision = { ...dropping, sampling }
    t.equal(reprieve(decision, 'defer', plan, demanding), decision)
  }
  t.same(asked, [])
})

t.test('a demand goes before a boost, and against a caller’s drop; a boost does not', async t => {
  const { plan, asked } = generous()
  for (const wish of ['defer', 'drop', 'keep'] as const) {
    t.strictSame(reprieve(dropping, wish, plan, demanding), { ...dropping, sampling: 'keep', why: 'forced' })
  }
  t.strictSame(reprieve(dropping, 'defer', plan, silent), { ...dropping, sampling: 'keep', why: 'boost' })
  t.equal(reprieve(dropping, 'drop', plan, silent), dropping)
  t.equal(reprieve(dropping, 'keep', { ...plan, parent: 'cap' }, silent), dropping)
  t.match(reprieve(dropping, 'drop', { ...plan, parent: 'ignore' }, silent), { why: 'boost' })
  t.same(asked, ['demand', 'demand', 'demand', 'boost', 'boost'])
})

t.test('who is not believed demands nothing, and beyond the budget a demand is none', async t => {
  const { plan, asked } = generous()
  t.match(reprieve(dropping, 'defer', plan, undefined), { why: 'boost' })
  t.same(asked, ['boost'])
  const spent = { ...plan, demand: { header: 'x-force', take: () => false } }
  t.match(reprieve(dropping, 'defer', spent, demanding), { why: 'boost' })
  t.equal(reprieve(dropping, 'drop', spent, demanding), dropping)
})

t.test('a dry run spends nothing', async t => {
  const { plan, asked } = generous()
  let sampled = 0
  const sample = () => ({ keep: sampled++ < 0, threshold: undefined })
  const dry = rehearsed({ ...plan, sampler: { ...plan.sampler, sample } })
  t.equal(dry.force(), true)
  t.equal(dry.demand?.take(), true)
  t.equal(dry.boost(), false)
  dry.sampler.sample('00000000000000')
  t.same(asked, [])
  t.equal(sampled, 0)
})

const ots = fc.constantFrom('', 'th:8', 'th:d;rv:ffffffffffffff', 'rv:00000000000001', 'th:0;p:8', 'th:zz')
const lists = fc
  .tuple(tracestates, ots)
  // Short enough that nobody has to make room.
  .map(([list, ot]) => (ot === '' || list.length > 400 ? list : withMember(list, 'ot', ot)))
const plans = fc.record({
  parent: fc.constantFrom('follow', 'cap', 'ignore', 'limit'),
  rate: fc.double({ min: 0, max: 1, noNaN: true }),
  boost: fc.boolean()
})

t.test('whatever is decided: no odds that did not hold, randomness and other members untouched', async t => {
  const ids = fc.stringMatching(/^[0-9a-f]{31}[1-9a-f]$/)
  fc.assert(
    fc.property(
      fc.constantFrom(...samplings),
      ids,
      lists,
      plans,
      (wish, id, list, { parent, rate, boost }) => {
        const plan = { ...planOf('follow', rate), parent, boost: () => boost }
        const { sampling, tracestate } = reprieve(decide(wish, id, list, plan), wish, plan, silent)
        const { th, rv } = readOt(tracestate)
        assert.equal(rv, readOt(list).rv)
        if (sampling === 'drop') assert.equal(th, undefined)
        if (th !== undefined) assert(keeps(randomness(id, tracestate), th), `${th} in ${tracestate}`)
        if (wish === 'drop' && parent !== 'ignore') assert.equal(sampling, 'drop')
        if (tracestate.length <= 512 && memberOf(list, 'ot') !== undefined) {
          assert.equal(withoutMember(tracestate, 'ot'), withoutMember(list, 'ot'))
        }
      }
    ),
    { numRuns: 2000 }
  )
  t.pass('every wish, list and plan')
})
