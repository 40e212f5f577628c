import t from 'tap'
import { createRendezvous, hash, pointOf } from '../../src/route/rendezvous.ts'

const keys = Array.from({ length: 100_000 }, (_, i) => `user-${i}`)

function sidesOf(weights: Readonly<Record<string, number>>) {
  const find = createRendezvous(Object.entries(weights).map(([side, weight]) => ({ side, weight })))
  return (key: string) => find(key)?.side ?? ''
}

function shareOf(find: (key: string) => string, side: string): number {
  return keys.filter(key => find(key) === side).length / keys.length
}

t.test('keys are spread by weight, whatever they look like', async t => {
  const find = sidesOf({ base: 9, gray: 1 })
  t.ok(Math.abs(shareOf(find, 'gray') - 0.1) < 0.005, `${shareOf(find, 'gray')}`)
  const three = sidesOf({ a: 60, b: 30, c: 10, none: 0 })
  for (const [side, share] of Object.entries({ a: 0.6, b: 0.3, c: 0.1, none: 0 })) {
    t.ok(Math.abs(shareOf(three, side) - share) < 0.005, `${side}: ${shareOf(three, side)}`)
  }
  const short = Array.from({ length: 26 ** 3 }, (_, i) => i.toString(26))
  const points = short.map(key => pointOf(key)).filter(point => point < 0.1)
  t.ok(Math.abs(points.length / short.length - 0.1) < 0.01, 'short keys too')
})

t.test('when weights change, no more keys change sides than the new weights ask for', async t => {
  const before = sidesOf({ base: 90, gray: 10 })
  const after = sidesOf({ base: 80, gray: 20 })
  const moved = keys.filter(key => before(key) !== after(key))
  t.ok(Math.abs(moved.length / keys.length - 0.1) < 0.005, `${moved.length} moved`)
  t.ok(
    moved.every(key => before(key) === 'base'),
    'nobody leaves the side that grows'
  )
  const three = sidesOf({ a: 50, b: 40, c: 10 })
  const grown = sidesOf({ a: 50, b: 40, c: 30 })
  t.ok(
    keys.every(key => three(key) === grown(key) || grown(key) === 'c'),
    'all that moves goes to the side that grew'
  )
})

t.test('the same weights in other numbers, or another order, are the same sides', async t => {
  const one = sidesOf({ base: 9, gray: 1 })
  const other = sidesOf({ gray: 10, base: 90 })
  t.ok(keys.every(key => one(key) === other(key)))
})

t.test('without any weight there is no side', async t => {
  t.equal(createRendezvous([{ side: 'a', weight: 0 }])('key'), undefined)
})

t.test('the hash is the same in every process and version: replicas agree on it', async t => {
  t.same([hash(''), hash('user-1'), hash('user-1', 1)], [2872998923, 2005895916, 1362363311])
})
