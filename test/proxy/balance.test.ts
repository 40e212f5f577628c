import fc from 'fast-check'
import t from 'tap'
import { createBalancer } from '../../src/proxy/balance.ts'

type Target = { readonly name: string; readonly weight: number }

function balancer(...weights: readonly number[]) {
  const targets = weights.map((weight, i): Target => ({ name: 'abcdefghij'.charAt(i), weight }))
  const next = createBalancer(targets, target => target.weight)
  return (turns: number) => Array.from({ length: turns }, () => next()?.name ?? '-').join('')
}

t.test('turns are by weight, and spread out', async t => {
  t.equal(balancer(5, 1, 1)(7), 'aabacaa')
  t.equal(balancer(1, 1)(4), 'abab')
  t.equal(balancer(9, 1)(20).replaceAll('a', ''), 'bb')
})

t.test('one target has every turn, none has no turn', async t => {
  t.equal(balancer(3)(3), 'aaa')
  t.equal(balancer()(2), '--')
  t.equal(balancer(0, 0)(2), '--')
  t.equal(balancer(0, 1)(3), 'bbb', 'a weight of 0 is no turn')
})

t.test('a round gives each exactly its weight', async () => {
  const weights = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(weights, weights => {
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      const turns = balancer(...weights)(total)
      return weights.every((weight, i) => turns.split('abcdefghij'.charAt(i)).length - 1 === weight)
    })
  )
})
