import fc from 'fast-check'
import t from 'tap'
import { createBalancer, type State } from '../../src/proxy/balance.ts'

type Target = {
  readonly name: string
  readonly weight: number
  readonly side: string
  readonly pending: () => number
  readonly state: () => State
  busy: number
  is: State
}

function targetsOf(...weights: readonly number[]): Target[] {
  return weights.map((weight, i) => {
    const target: Target = {
      name: 'abcdefghij'.charAt(i),
      weight,
      side: '',
      busy: 0,
      is: 'open',
      pending: () => target.busy,
      state: () => target.is
    }
    return target
  })
}

/** Gives the names of so many turns; `change` may busy or close targets, named by letter. */
function balancer(...weights: readonly number[]) {
  const targets = targetsOf(...weights)
  const { next } = createBalancer(targets)
  const of = (name: string) => {
    const target = targets.find(each => each.name === name)
    if (target === undefined) throw new Error(`no target ${name}`)
    return target
  }
  const take = (turns: number, besides?: string) =>
    Array.from(
      { length: turns },
      () => next(undefined, besides === undefined ? undefined : of(besides))?.name ?? '-'
    ).join('')
  return { take, of }
}

t.test('turns are by weight, and spread out', async t => {
  t.equal(balancer(5, 1, 1).take(7), 'aabacaa')
  t.equal(balancer(1, 1).take(4), 'abab')
  t.equal(balancer(9, 1).take(20).replaceAll('a', ''), 'bb')
})

t.test('one target has every turn, none has no turn', async t => {
  t.equal(balancer(3).take(3), 'aaa')
  t.equal(balancer().take(2), '--')
  t.equal(balancer(0, 0).take(2), '--')
  t.equal(balancer(0, 1).take(3), 'bbb', 'a weight of 0 is no turn')
})

t.test('a round gives each exactly its weight', async () => {
  const weights = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(weights, weights => {
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const turns = balancer(...weights).take(total)
      return weights.every((weight, i) => turns.split('abcdefghij'.charAt(i)).length - 1 === weight)
    })
  )
})

t.test('who has much under way gets less, and no less than its share when it has not', async t => {
  const { take, of } = balancer(1, 1)
  of('a').busy = 9
  t.equal(take(11).replaceAll('b', '').length, 1)
  of('a').busy = 0
  const later = take(10).replaceAll('b', '').length
  t.ok(later >= 5 && later <= 6, `${later} of 10: nothing is made up for`)
})

t.test('targets that are out get nothing, unless most are', async t => {
  const { take, of } = balancer(1, 1, 1)
  of('a').is = 'out'
  t.equal(take(4).includes('a'), false)
  of('b').is = 'out'
  t.match([...new Set(take(9))].sort().join(''), 'abc', 'two of three: rather the judgement is wrong')
  const two = balancer(1, 1)
  two.of('a').is = 'out'
  t.equal(two.take(4), 'bbbb')
})

t.test('a target that is full is passed over, until all are', async t => {
  const { take, of } = balancer(1, 1)
  of('a').is = 'full'
  t.equal(take(3), 'bbb')
  of('b').is = 'full'
  t.match(take(1), /^[ab]$/)
})

t.test('who cannot be connected to is passed over, however many that leaves, until all are lost', async t => {
  const { take, of } = balancer(1, 1, 1)
  of('a').is = 'lost'
  of('b').is = 'lost'
  t.equal(take(3), 'ccc')
  of('c').is = 'out'
  t.equal(take(2), 'cc')
  of('c').is = 'lost'
  t.match([...take(3)].sort().join(''), 'abc', 'then each is tried')
})

t.test('besides one that was tried there is another, where there is another', async t => {
  const { take, of } = balancer(1, 1)
  t.equal(take(3, 'a'), 'bbb')
  of('b').is = 'out'
  t.equal(take(1, 'a'), 'a')
  t.equal(balancer(1).take(1, 'a'), 'a')
})
