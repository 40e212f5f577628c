import t from 'tap'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { expected, reasonOf, seen } from './reading.ts'

function rewritten(headers: Headers): [string, string][] {
  const received = jaeger.extract(readerOf(headers))
  const set: string[] = []
  if (received.kind === 'context') jaeger.inject(received.context, set, hop)
  return pairsOf(set)
}

contract(t, jaeger)
encodings(t, jaeger, 'jaeger')

for (const vector of vectors<Reading>('jaeger')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = jaeger.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind === 'decision') t.equal(received.residue?.get('jaeger-debug-id'), extra['debugId'])
    if (received.kind !== 'context') return
    t.equal(received.context.bits, extra['traceIdBits'])
    t.equal(received.context.residue?.get('jaeger') === 'firehose', extra['firehose'])
    // Of the flags one digit goes on, with the bits that are ours to pass.
    const flags = Number(extra['flags'])
    const digit = (flags & 1) === 0 ? '0' : (flags & 2) !== 0 ? '3' : (flags & 8) !== 0 ? '9' : '1'
    const [[, value = ''] = []] = rewritten(vector.headers)
    t.equal(value.slice(value.lastIndexOf(':') + 1), digit)
  })
}

const traceId = '80f198ee56343ba864fe8b2a57d3eff7'
const valid = `${traceId}:e457b5a2e4d86bd1:0:1`

t.test('ids are read in any case and length, and written padded and in lower case', async t => {
  t.strictSame(rewritten([['uber-trace-id', 'ABC:De:F0:1']]), [
    ['uber-trace-id', '0000000000000abc:00000000000000de:00000000000000f0:1']
  ])
})

t.test('a value that cannot be percent-decoded is taken as it is', async t => {
  t.equal(reasonOf(jaeger.extract(readerOf([['uber-trace-id', `${valid}%`]]))), 'flags')
  t.equal(reasonOf(jaeger.extract(readerOf([['uber-trace-id', '%E0%A4%A']]))), 'field-count')
  t.match(jaeger.extract(readerOf([['uber-trace-id', valid.replaceAll(':', '%3A')]])), { kind: 'context' })
})

t.test('a debug id rides along with a context, decides nothing there, and is passed on', async t => {
  const headers: Headers = [
    ['uber-trace-id', valid.replace(/1$/, '0')],
    ['jaeger-debug-id', 'ticket 42']
  ]
  t.match(jaeger.extract(readerOf(headers)), { kind: 'context', context: { sampling: 'drop' } })
  t.strictSame(rewritten(headers), headers)
})

t.test('a debug id and firehose are both kept', async t => {
  const headers: Headers = [
    ['uber-trace-id', valid.replace(/1$/, '9')],
    ['jaeger-debug-id', 'ticket-42']
  ]
  t.strictSame(rewritten(headers), headers)
})

t.test('a debug id that is long or not ASCII is ignored beside a context and malformed alone', async t => {
  for (const bad of ['x'.repeat(129), 'é', 'a\tb', '\0']) {
    t.equal(reasonOf(jaeger.extract(readerOf([['jaeger-debug-id', bad]]))), 'debug-id', JSON.stringify(bad))
    const headers: Headers = [
      ['uber-trace-id', valid],
      ['jaeger-debug-id', bad]
    ]
    t.strictSame(rewritten(headers), [['uber-trace-id', valid]])
  }
  t.match(jaeger.extract(readerOf([['jaeger-debug-id', 'x'.repeat(128)]])), { kind: 'decision' })
})

t.test('an empty field is as good as an absent one beside the other', async t => {
  const empty: Headers = [
    ['uber-trace-id', ''],
    ['jaeger-debug-id', 'ticket-42']
  ]
  t.match(jaeger.extract(readerOf(empty)), { kind: 'decision', sampling: 'debug' })
  t.equal(reasonOf(jaeger.extract(readerOf([['jaeger-debug-id', '']]))), 'absent')
})

t.test('over 256 characters is not even looked at', async t => {
  t.equal(reasonOf(jaeger.extract(readerOf([['uber-trace-id', `${valid}${'%31'.repeat(80)}`]]))), 'too-long')
})
