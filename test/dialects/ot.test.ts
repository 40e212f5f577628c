import t from 'tap'
import { ot } from '../../src/dialects/ot.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const ids: Headers = [
  ['ot-tracer-traceid', 'a3ce929d0e0e4736'],
  ['ot-tracer-spanid', '00f067aa0ba902b7']
]

const extract = (...headers: Headers) => ot.extract(readerOf(headers))

contract(t, ot)

for (const vector of vectors<Reading>('ot')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = ot.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind === 'context') t.equal(received.context.bits, extra['traceIdBits'])
  })
}

t.test('ids are read without their leading zeros, and written with them', async t => {
  const received = extract(
    ['ot-tracer-traceid', 'ABC'],
    ['ot-tracer-spanid', 'de'],
    ['ot-tracer-sampled', 'True']
  )
  const set: string[] = []
  ot.inject(contextOf(received), set, hop)
  t.strictSame(pairsOf(set), [
    ['ot-tracer-traceid', '0000000000000abc'],
    ['ot-tracer-spanid', '00000000000000de'],
    ['ot-tracer-sampled', 'true']
  ])
})

t.test('of a wide trace id the low half is written, and nothing where that is no id', async t => {
  const context = contextOf(extract(...ids))
  const set: string[] = []
  ot.inject({ ...context, traceId: `4bf92f3577b34da6${'0'.repeat(16)}`, bits: 128 }, set, hop)
  t.strictSame(set, [])
  ot.inject({ ...context, traceId: '4bf92f3577b34da6a3ce929d0e0e4736', bits: 128 }, set, hop)
  t.equal(set[1], 'a3ce929d0e0e4736')
})

t.test('a word on sampling that nobody knows costs the word alone', async t => {
  for (const word of ['', 'yes', '2', 'true,true', '__proto__']) {
    const received = extract(...ids, ['ot-tracer-sampled', word])
    t.match(received, { kind: 'context', context: { sampling: 'defer' }, discarded: 'sampled' }, word)
  }
})

t.test('a decision stands without ids, and is not written without them', async t => {
  t.match(extract(['ot-tracer-sampled', 'false']), { kind: 'decision', sampling: 'drop' })
  t.match(extract(['ot-tracer-sampled', '1']), { kind: 'decision', sampling: 'keep' })
  t.equal(reasonOf(extract(['ot-tracer-sampled', 'yes'])), 'sampled')
  t.equal(reasonOf(extract(['ot-tracer-spanid', '1'])), 'trace-id')
  t.equal(ot.injectDecision, undefined)
})

t.test('two lines of an id are no id', async t => {
  t.equal(reasonOf(extract(...ids, ['ot-tracer-traceid', '1'])), 'trace-id')
  t.equal(reasonOf(extract(...ids, ['ot-tracer-spanid', '1'])), 'span-id')
})

t.test('any field over 1 KiB costs the whole', async t => {
  for (const name of ot.fields) {
    const others = ids.filter(([other]) => other !== name)
    t.equal(reasonOf(extract(...others, [name, '1'.repeat(1025)])), 'too-long', name)
  }
})
