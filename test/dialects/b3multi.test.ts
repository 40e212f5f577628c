import t from 'tap'
import { b3multi } from '../../src/dialects/b3multi.ts'
import { type Headers, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { expected, reasonOf, seen } from './reading.ts'

contract(t, b3multi)
encodings(t, b3multi, 'b3-multi')

for (const vector of vectors<Reading>('b3-multi')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = b3multi.extract(readerOf(vector.headers))
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), vector.expect.extra['reason'])
    if (received.kind === 'context') t.equal(received.context.bits, vector.expect.extra['traceIdBits'])
  })
}

const ids: Headers = [
  ['X-B3-TraceId', '64fe8b2a57d3eff7'],
  ['X-B3-SpanId', 'e457b5a2e4d86bd1']
]

t.test('the debug flag overrides a Sampled that says no, but not one that says nothing readable', async t => {
  const flagged: Headers = [...ids, ['X-B3-Flags', '1']]
  const received = b3multi.extract(readerOf([...flagged, ['X-B3-Sampled', '0']]))
  t.match(received, { kind: 'context', context: { sampling: 'debug' } })
  for (const sampled of ['', '2', 'yes', '1,1']) {
    const refused = b3multi.extract(readerOf([...flagged, ['X-B3-Sampled', sampled]]))
    t.equal(reasonOf(refused), 'malformed-sampled', JSON.stringify(sampled))
  }
})

t.test('one digit, zeros and upper case are no ids', async t => {
  for (const bad of ['', '1', '00', '0'.repeat(16), 'E457B5A2E4D86BD1', 'e457b5a2e4d86bd1a', 'e4,e4']) {
    const named = JSON.stringify(bad)
    const span: Headers = [
      ['X-B3-TraceId', '64fe8b2a57d3eff7'],
      ['X-B3-SpanId', bad]
    ]
    t.equal(reasonOf(b3multi.extract(readerOf(span))), 'malformed-span-id', named)
    const parent: Headers = [...ids, ['X-B3-ParentSpanId', bad]]
    t.equal(reasonOf(b3multi.extract(readerOf(parent))), 'malformed-parent-id', named)
  }
})

t.test('an id between the two widths counts as the wider, a short one as the narrower', async t => {
  const span: Headers = [['X-B3-SpanId', 'e4']]
  const wider = b3multi.extract(readerOf([['X-B3-TraceId', '164fe8b2a57d3eff7'], ...span]))
  t.match(wider, { kind: 'context', context: { traceId: '164fe8b2a57d3eff7'.padStart(32, '0'), bits: 128 } })
  const narrower = b3multi.extract(readerOf([['X-B3-TraceId', 'ab'], ...span]))
  t.match(narrower, { kind: 'context', context: { spanId: 'e4'.padStart(16, '0'), bits: 64 } })
})

t.test('a decision stands without ids, and a flag other than 1 is none', async t => {
  t.match(b3multi.extract(readerOf([['X-B3-Sampled', 'FALSE']])), { kind: 'decision', sampling: 'drop' })
  t.match(b3multi.extract(readerOf([['X-B3-Sampled', '1']])), { kind: 'decision', sampling: 'keep' })
  t.equal(reasonOf(b3multi.extract(readerOf([['X-B3-Flags', '3']]))), 'absent')
})

t.test('any field over 1 KiB costs the whole', async t => {
  for (const name of b3multi.fields) {
    const others = ids.filter(([other]) => other !== name)
    const received = b3multi.extract(readerOf([...others, [name, '1'.repeat(1025)]]))
    t.equal(reasonOf(received), 'too-long', name)
  }
})
