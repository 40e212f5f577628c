import fc from 'fast-check'
import t from 'tap'
import { decodeCorrelation, encodeCorrelation } from '../../src/trace/correlation.ts'
import { readerOf, type Vector, vectors } from '../vectors/vectors.ts'

type Items = Vector<{ readonly items: readonly (readonly [string, string])[] }>

for (const { name, headers, expect } of vectors<Items>('sw8-correlation')) {
  t.test(`reads ${name}`, async t => {
    t.strictSame(decodeCorrelation(readerOf(headers)('sw8-correlation') ?? '').pairs, expect.items)
  })
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(text => text.isWellFormed())
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 3 })

t.test('three pairs come back as they went', async t => {
  fc.assert(
    fc.property(pairs, pairs =>
      t.strictSame(decodeCorrelation(encodeCorrelation(pairs)), { pairs, dropped: 0 })
    )
  )
})

t.test('what agents would not take is not sent', async t => {
  t.equal(encodeCorrelation([]), '')
  t.strictSame(
    decodeCorrelation(
      encodeCorrelation([
        ['', 'v'],
        ['k', ''],
        ['long', 'v'.repeat(129)],
        ['a', 'v'.repeat(128)],
        ['b', '2'],
        ['c', '3'],
        ['d', '4']
      ])
    ).pairs.map(([key]) => key),
    ['a', 'b', 'c']
  )
  t.equal(encodeCorrelation([['k'.repeat(1600), 'v']]), '', 'the field stays within 2 KiB')
})

t.test('a field beyond 2 KiB, and bytes that are no text, say nothing', async t => {
  const bad = [
    `dGVzdA==:${'dDE='.repeat(600)}`,
    'dGVzdA==:/w==',
    'dGVzdA==:dDE=:dDE=',
    'dGVzdA==:dDE=:!!',
    'dGVzdA==:',
    ':dDE=',
    'dGVzdA==',
    ':'
  ]
  for (const field of bad) t.strictSame(decodeCorrelation(field), { pairs: [], dropped: 1 }, field)
  t.strictSame(decodeCorrelation('!:!, dGVzdA==:dDE= ,,x'), { pairs: [['test', 't1']], dropped: 2 })
  t.strictSame(decodeCorrelation(', ,'), { pairs: [], dropped: 0 })
})

t.test('names that every object knows are names', async t => {
  const pair = ['__proto__', 'constructor'] as const
  t.strictSame(decodeCorrelation(encodeCorrelation([pair])).pairs, [[...pair]])
})
