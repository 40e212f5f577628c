import fc from 'fast-check'
import t from 'tap'
import { decodeUserData, encodeUserData } from '../../src/trace/user-data.ts'

const visible = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(c => c !== '&')
const value = fc.string({ unit: fc.constantFrom(...visible), maxLength: 20 })
const key = fc.string({
  unit: fc.constantFrom(...visible.filter(c => c !== '=')),
  minLength: 1,
  maxLength: 20
})

t.test('pairs come back as they went', async t => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 20 }), pairs =>
      t.strictSame(decodeUserData(encodeUserData(pairs)), { pairs, dropped: 0 })
    )
  )
})

t.test('a value may hold an equals sign, and a key may stand alone', async t => {
  t.strictSame(decodeUserData('a=b=c&flag&=lost&&x='), {
    pairs: [
      ['a', 'b=c'],
      ['flag', ''],
      ['x', '']
    ],
    dropped: 1
  })
  t.strictSame(decodeUserData(''), { pairs: [], dropped: 0 })
})

t.test('the form that libraries have in memory is read, and never sent', async t => {
  t.strictSame(decodeUserData('uid\x1442\x12t\x141').pairs, [
    ['uid', '42'],
    ['t', '1']
  ])
  for (const bad of ['\x12', '\x14', '\r\n', '\0', 'é', '&', '\x7f']) {
    t.equal(encodeUserData([['k', `a${bad}b`]]), '', JSON.stringify(bad))
    t.equal(encodeUserData([[`a${bad}b`, 'v']]), '', JSON.stringify(bad))
  }
  t.equal(encodeUserData([['a=b', 'v']]), '')
})

t.test('a field stays within 4 KiB, and whole pairs alone are left out', async t => {
  t.strictSame(decodeUserData(`a=${'x'.repeat(4095)}`), { pairs: [], dropped: 1 })
  const sent = encodeUserData([
    ['a', '1'],
    ['b', 'x'.repeat(4094)],
    ['c', '3']
  ])
  t.equal(sent, 'a=1&c=3')
})

t.test('a field neither begins nor ends in a blank', async t => {
  t.equal(encodeUserData([['k', 'v ']]), 'k=v')
})
