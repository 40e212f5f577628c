import t from 'tap'
import { w3c } from '../../src/baggage/w3c.ts'
import { type Vector, vectors } from '../vectors/vectors.ts'
import { contract, garbledIn, member, pairsRead, read, write } from './contract.ts'

contract(t, w3c)

type Listing = Vector<{
  readonly members: readonly { readonly key: string; readonly value: string }[]
}>

for (const { name, headers, expect } of vectors<Listing>('baggage')) {
  t.test(name, async t => {
    const passed = pairsRead(w3c, write(w3c, read(w3c, headers)))
    t.strictSame(
      passed,
      expect.members.map(({ key, value }) => [key, value])
    )
  })
}

t.test('members that came by it go on byte for byte, repeated keys included', async t => {
  const raw = 'b = 2 ;p = x%20;q\t, a=%41,, B=1 ,a=2'
  t.strictSame(write(w3c, read(w3c, [['baggage', raw]])), [['baggage', 'b = 2 ;p = x%20;q,a=%41,B=1,a=2']])
})

t.test('the members of others are encoded, unless their key cannot be', async t => {
  t.strictSame(write(w3c, [member('Clé', '1'), member('a', 'é,;"%'), member('b', '')]), [
    ['baggage', 'a=%C3%A9%2C%3B%22%25,b=']
  ])
})

t.test('a list at both limits passes whole', async t => {
  const members = Array.from({ length: 64 }, (_, i) => `k${String(i).padStart(2, '0')}=${'v'.repeat(123)}`)
  const raw = `${members.join(',')}v`
  t.equal(raw.length, 8192)
  t.strictSame(write(w3c, read(w3c, [['baggage', raw]])), [['baggage', raw]])
})

t.test('a thousand members are read, so that a late one may be wanted; sixty-four go on', async t => {
  const raw = Array.from({ length: 2000 }, (_, i) => `k${i}=1`).join(',')
  const members = read(w3c, [['baggage', raw]])
  t.equal(members.length, 1024)
  t.equal(pairsRead(w3c, write(w3c, members)).length, 64)
})

t.test('Sentry’s members go all or none', async t => {
  const members = read(w3c, [['baggage', 'a=1,sentry-trace_id=x,b=2,sentry-sample_rate=0.5']])
  const whole = 'a=1,sentry-trace_id=x,b=2,sentry-sample_rate=0.5'
  t.strictSame(write(w3c, members, whole.length), [['baggage', whole]])
  t.strictSame(write(w3c, members, whole.length - 1), [['baggage', 'a=1,b=2']])
})

t.test('what is no member is said, once', async t => {
  t.strictSame(garbledIn(w3c, [['baggage', 'a=1,junk,=2']]), ['w3c'])
  t.strictSame(garbledIn(w3c, [['baggage', 'a=1,,b=2']]), [])
})
