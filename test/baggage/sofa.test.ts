import t from 'tap'
import { sofa } from '../../src/baggage/sofa.ts'
import { type Reading, vectors } from '../vectors/vectors.ts'
import { contract, garbledIn, member, pairsRead, read, write } from './contract.ts'

contract(t, sofa)

for (const { name, headers, expect } of vectors<Reading>('sofa')) {
  t.test(name, async t => {
    const { baggage = {}, sysBaggage = {} } = expect.extra
    const system = Object.entries(sysBaggage as Record<string, string>)
    const expected = [
      ...Object.entries(baggage as Record<string, string>),
      ...system.map(([key, value]) => [`sys-${key}`, value])
    ]
    t.strictSame(pairsRead(sofa, headers), expected)
  })
}

t.test('a value is URL-encoded as Java does it', async t => {
  t.strictSame(pairsRead(sofa, [['baggage-a', 'x+y%2Bz']]), [['a', 'x y+z']])
  t.strictSame(write(sofa, [member('A', 'x y+z')]), [['baggage-a', 'x%20y%2Bz']])
})

t.test('sftc_head holds baggage beside the ids, its separators escaped twice', async t => {
  const head = 'tcid=0ad1&spid=0.1&pspid=0&sample=true&_sys_mark=T&user=a%26b%3D%25&junk&'
  const expected = [
    ['sys-mark', 'T'],
    ['user', 'a&b=%']
  ]
  t.strictSame(pairsRead(sofa, [['sftc_head', encodeURIComponent(head)]]), expected)
  t.strictSame(read(sofa, [['sftc_head', encodeURIComponent(`a=${'x'.repeat(2000)}`)]]), [])
})

t.test('what is no member is said, once', async t => {
  for (const headers of [
    [['baggage-', '1']],
    [['sftc_head', 'tcid%3D1%26junk']],
    [['sftc_head', 'tcid%3D1%26%3Dv%26%3Dw']],
    [['sftc_head', 'x'.repeat(2000)]],
    [
      ['Baggage-', '1'],
      ['sftc_head', 'junk']
    ]
  ] as const) {
    t.strictSame(garbledIn(sofa, headers), ['sofa'], JSON.stringify(headers).slice(0, 60))
  }
  t.strictSame(garbledIn(sofa, [['sftc_head', 'tcid%3D1%26spid%3D0%26a%3D%26']]), [])
})
