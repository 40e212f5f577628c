import t from 'tap'
import { sw8 } from '../../src/baggage/sw8.ts'
import { type Vector, vectors } from '../vectors/vectors.ts'
import { contract, garbledIn, member, pairsRead, write } from './contract.ts'

contract(t, sw8)

type Correlation = Vector<{ readonly items: readonly (readonly [string, string])[] }>

for (const { name, headers, expect } of vectors<Correlation>('sw8-correlation')) {
  t.test(name, async t => t.strictSame(pairsRead(sw8, headers), expect.items))
}

t.test('three pairs go, the first that fit; none that agents would not take', async t => {
  const members = [
    member('empty', ''),
    member('long', 'x'.repeat(129)),
    ...['a', 'b', 'c', 'd'].map(key => member(key, key.toUpperCase()))
  ]
  t.strictSame(write(sw8, members), [['sw8-correlation', 'YQ==:QQ==,Yg==:Qg==,Yw==:Qw==']])
  t.strictSame(write(sw8, members, 19), [['sw8-correlation', 'YQ==:QQ==,Yg==:Qg=='.slice(0, 19)]])
  t.strictSame(write(sw8, members, 18), [['sw8-correlation', 'YQ==:QQ==']])
  t.strictSame(write(sw8, members.slice(0, 2)), [], 'never an empty field')
})

t.test('of a key that a list repeats the last value goes', async t => {
  t.strictSame(pairsRead(sw8, write(sw8, [member('a', '1'), member('b', '2'), member('a', '3')])), [
    ['a', '3'],
    ['b', '2']
  ])
})

t.test('what is no pair is said, once; a fourth pair makes sense', async t => {
  for (const bad of ['junk', '!!:!!', 'YQ==:', ':YQ==', '/w==:YQ==', 'YQ==:YQ==,x,y', 'x'.repeat(3000)])
    t.strictSame(garbledIn(sw8, [['sw8-correlation', bad]]), ['sw8'], bad.slice(0, 20))
  const four = ['YQ==:MQ==', 'Yg==:Mg==', 'Yw==:Mw==', 'ZA==:NA=='].join(',')
  for (const good of ['', four, 'YQ==:MQ==, ,'])
    t.strictSame(garbledIn(sw8, [['sw8-correlation', good]]), [], good)
})
