import t from 'tap'
import { eagleeye } from '../../src/baggage/eagleeye.ts'
import { type Reading, vectors } from '../vectors/vectors.ts'
import { contract, garbledIn, member, pairsRead, read, write } from './contract.ts'

contract(t, eagleeye)

for (const { name, headers, expect } of vectors<Reading>('eagleeye')) {
  t.test(name, async t => t.strictSame(pairsRead(eagleeye, headers), expect.extra['userData'] ?? []))
}

t.test('what came by it goes on as it came, and control characters never do', async t => {
  const plain = [['EagleEye-UserData', 'uid=42&scm=a=b&%zz=%41']] as const
  t.strictSame(write(eagleeye, read(eagleeye, plain)), plain)
  const inner = [['EagleEye-UserData', 'uid\x1442\x12t\x14a b']] as const
  t.strictSame(write(eagleeye, read(eagleeye, inner)), [['EagleEye-UserData', 'uid=42&t=a%20b']])
})

t.test('what the plain form cannot hold is percent-encoded', async t => {
  t.strictSame(write(eagleeye, [member('k=&', 'a=b&c%é')]), [
    ['EagleEye-UserData', 'k%3D%26=a=b%26c%25%C3%A9']
  ])
})

t.test('no field is longer than 4 KiB, read or written', async t => {
  t.strictSame(read(eagleeye, [['eagleeye-userdata', `a=${'x'.repeat(4095)}`]]), [])
  const [[, value = ''] = []] = write(eagleeye, [
    member('a', 'x'.repeat(4094)),
    member('b', 'y'),
    member('c', '')
  ])
  t.equal(value.length, 4096)
})

t.test('what has no key is said, once', async t => {
  for (const bad of ['=1', 'a=1&=2&=3', 'x'.repeat(5000)])
    t.strictSame(garbledIn(eagleeye, [['EagleEye-UserData', bad]]), ['eagleeye'], bad.slice(0, 20))
  for (const good of ['', '&', 'a', 'a=&&b=1'])
    t.strictSame(garbledIn(eagleeye, [['EagleEye-UserData', good]]), [], good)
})
