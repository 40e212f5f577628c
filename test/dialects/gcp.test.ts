import t from 'tap'
import { gcp } from '../../src/dialects/gcp.ts'
import { type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { expected, reasonOf, seen } from './reading.ts'

const trace = '105445aa7843bc8bf206b12000100000'

const extract = (value: string) => gcp.extract(readerOf([['X-Cloud-Trace-Context', value]]))

contract(t, gcp)
encodings(t, gcp, 'gcp')

for (const vector of vectors<Reading>('gcp')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = gcp.extract(readerOf(vector.headers))
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), vector.expect.extra['reason'])
  })
}

t.test('a span is a decimal of 64 bits, and its hex digits are a mistake', async t => {
  t.match(extract(`${trace}/18446744073709551615`), { kind: 'context', context: { spanId: 'f'.repeat(16) } })
  t.match(extract(`${trace}/00000000000000000001`), {
    kind: 'context',
    context: { spanId: '1'.padStart(16, '0') }
  })
  for (const span of ['00f067aa0ba902b7', '-1', '1.0', '0x1', ' 1', '', '000000000000000000001']) {
    t.equal(reasonOf(extract(`${trace}/${span};o=1`)), 'span-id', span)
  }
})

t.test('of the options the lowest bit is the wish', async t => {
  t.match(extract(`${trace}/1;o=3`), { kind: 'context', context: { sampling: 'keep' } })
  t.match(extract(`${trace}/1;o=2`), { kind: 'context', context: { sampling: 'drop' } })
  for (const options of ['', 'x', '-1', '01234567890', '1;o=1']) {
    t.equal(reasonOf(extract(`${trace}/1;o=${options}`)), 'options', options)
  }
})

t.test('what is neither span nor options costs the whole', async t => {
  for (const bad of [`${trace};p=1`, `${trace}/1;`, `${trace};`])
    t.equal(reasonOf(extract(bad)), 'malformed', bad)
  for (const bad of ['', trace.slice(1), `${trace}0`, `${trace} `.padEnd(40, 'x'), '__proto__']) {
    t.equal(reasonOf(extract(bad)), 'trace-id', bad)
  }
})

t.test('two headers are two contexts for all we know', async t => {
  for (const value of [trace, `${trace}/1`, `${trace}/1;o=1`]) {
    const twice = gcp.extract(
      readerOf([
        ['x-cloud-trace-context', value],
        ['x-cloud-trace-context', value]
      ])
    )
    t.equal(twice.kind, 'none', value)
  }
})

t.test('over 1 KiB is not even looked at', async t => {
  t.equal(reasonOf(extract(`${trace}/1;o=${'1'.repeat(1024)}`)), 'too-long')
})
