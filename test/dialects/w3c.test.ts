import t from 'tap'
import { w3c } from '../../src/dialects/w3c.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const valid = `00-${traceId}-00f067aa0ba902b7-01`

function rewritten(headers: Headers): Map<string, string> {
  const received = w3c.extract(readerOf(headers))
  const set: string[] = []
  if (received.kind === 'context') w3c.inject(received.context, set, hop)
  return new Map(pairsOf(set))
}

contract(t, w3c)
encodings(t, w3c, 'w3c')

for (const vector of vectors<Reading>('w3c')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = w3c.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    if (received.kind !== 'context') {
      t.equal(reasonOf(received), extra['reason'])
      return
    }
    const { random, tracestate } = received.context
    t.equal(random, extra['random'])
    const members = tracestate === '' ? [] : tracestate.split(',').map(member => member.split('='))
    t.strictSame(members, extra['tracestate'])
    const why = extra['tracestateDiscarded']
    t.equal(received.discarded, why === undefined ? undefined : `tracestate ${why}`)

    const again = rewritten(vector.headers)
    // Of the version only ours is claimed, of the flags only those known are passed on.
    const flags = (Number.parseInt(String(extra['flags']), 16) & 3).toString().padStart(2, '0')
    t.equal(again.get('traceparent'), `00-${vector.expect.traceId}-${vector.expect.spanId}-${flags}`)
    t.equal(again.get('tracestate'), tracestate === '' ? undefined : tracestate)
  })
}

t.test('a traceparent over 512 characters is not even looked at', async t => {
  const future = (tail: number) => readerOf([['traceparent', `cc-${valid.slice(3)}-${'x'.repeat(tail)}`]])
  t.equal(w3c.extract(future(512 - 56)).kind, 'context')
  t.equal(reasonOf(w3c.extract(future(513 - 56))), 'too-long')
})

t.test('a later version with a comma in its tail is two contexts for all we know', async t => {
  t.equal(
    reasonOf(w3c.extract(readerOf([['traceparent', `cc-${valid.slice(3)}-a,b`]]))),
    'multiple-traceparent'
  )
  t.equal(reasonOf(w3c.extract(readerOf([['traceparent', `cc-${valid.slice(3)}-a, b`]]))), 'bad-format')
})

t.test('an empty traceparent is not an absent one', async t => {
  t.equal(reasonOf(w3c.extract(readerOf([['traceparent', '']]))), 'bad-version')
})

t.test('a tracestate over 8 KiB is discarded, the traceparent is not', async t => {
  const received = w3c.extract(
    readerOf([
      ['traceparent', valid],
      ['tracestate', `a=${'x'.repeat(8191)}`]
    ])
  )
  t.match(received, { kind: 'context', context: { tracestate: '' }, discarded: 'tracestate too-long' })
})

t.test('a back end of W3C shows all 32 digits, whatever the trace began as', async t => {
  const context = contextOf(w3c.extract(readerOf([['traceparent', valid]])))
  const narrow: TraceContext = { ...context, traceId: 'a3ce929d0e0e4736'.padStart(32, '0'), bits: 64 }
  t.equal(w3c.traceIdText(narrow), narrow.traceId)
})
