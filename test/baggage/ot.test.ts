import t from 'tap'
import { ot } from '../../src/baggage/ot.ts'
import { contract, garbledIn, member, pairsRead, write } from './contract.ts'

contract(t, ot)

t.test('a field is a member, plain or percent-encoded, and a plus sign stays one', async t => {
  t.strictSame(
    pairsRead(ot, [
      ['Ot-Baggage-A', 'x y'],
      ['ot-baggage-b', 'x%20y'],
      ['ot-baggage-c', 'x+y'],
      ['ot-tracer-traceid', '1']
    ]),
    [
      ['a', 'x y'],
      ['b', 'x y'],
      ['c', 'x+y']
    ]
  )
})

t.test('only what could not be sent as it is gets encoded', async t => {
  t.strictSame(write(ot, [member('a', 'x y,z=1;"2"'), member('b', ' é% '), member('c', '')]), [
    ['ot-baggage-a', 'x y,z=1;"2"'],
    ['ot-baggage-b', '%20%C3%A9%25%20'],
    ['ot-baggage-c', '']
  ])
})

t.test('a field without a key, or with one that is too long, is said', async t => {
  t.strictSame(garbledIn(ot, [['ot-baggage-', '1']]), ['ot'])
  t.strictSame(garbledIn(ot, [[`ot-baggage-${'k'.repeat(257)}`, '1']]), ['ot'])
  t.strictSame(garbledIn(ot, [['ot-baggage-a', '\xff']]), [], 'any value is one')
})
