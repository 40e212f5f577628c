import fc from 'fast-check'
import t from 'tap'
import { decimalOfHex, hexOfDecimal } from '../../src/trace/u64.ts'

t.test('every number of 64 bits comes back', async t => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), number => {
      const digits = hexOfDecimal(String(number))
      return digits?.length === 16 && decimalOfHex(digits) === String(number)
    })
  )
  t.equal(hexOfDecimal('0'), '0'.repeat(16))
  t.equal(hexOfDecimal('18446744073709551615'), 'f'.repeat(16))
  t.equal(decimalOfHex('00f067aa0ba902b7'), '67667974448284343')
})

t.test('what is no unsigned decimal of 64 bits is none', async t => {
  for (const bad of [
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    '0x1',
    ' 1',
    '1\n',
    'a',
    '18446744073709551616',
    '0'.repeat(21)
  ]) {
    t.equal(hexOfDecimal(bad), undefined, JSON.stringify(bad))
  }
})
