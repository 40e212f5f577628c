import t from 'tap'
import { elastic } from '../../src/dialects/elastic.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { receive } from '../../src/mediate/receive.ts'
import { memberOf, parseTracestate } from '../../src/trace/tracestate.ts'
import { hop } from '../call.ts'
import { type Headers, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const viaOf = new Map([
  ['w3c', 'traceparent'],
  ['elastic', 'elastic-apm-traceparent']
])

contract(t, elastic)
encodings(t, elastic, 'elastic')

// Agents of Elastic speak both dialects, and W3C comes first.
for (const vector of vectors<Reading>('elastic')) {
  t.test(`reads ${vector.name}`, async t => {
    const { received, dialect } = receive(readerOf(vector.headers), [w3c, elastic])
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind !== 'context') return
    t.equal(viaOf.get(dialect ?? ''), extra['via'])
    const { tracestate, sampling } = received.context
    t.equal(sampling === 'keep' ? '01' : '00', extra['flags'])
    const members = tracestate === '' ? [] : tracestate.split(',').map(member => member.split('='))
    t.strictSame(members, extra['tracestate'])
    // Nobody but Elastic reads its sample rate: it goes on as it came.
    const set: string[] = []
    w3c.inject(received.context, set, hop)
    const sent = readerOf(vector.headers)('tracestate')
    if (sent !== undefined) t.strictSame(set.slice(2), ['tracestate', sent])
    const rate = /^s:([0-9.]+)/.exec(memberOf(parseTracestate(sent ?? '').list, 'es') ?? '')?.[1]
    t.equal(rate === undefined ? undefined : Number(rate), extra['elasticSampleRate'])
  })
}

t.test('tracestate is neither read nor written beside it', async t => {
  const headers: Headers = [
    ['elastic-apm-traceparent', valid],
    ['tracestate', 'es=s:1']
  ]
  const context = contextOf(elastic.extract(readerOf(headers)))
  t.equal(context.tracestate, '')
  const set: string[] = []
  elastic.inject({ ...context, tracestate: 'es=s:1' }, set, hop)
  t.strictSame(set, ['elastic-apm-traceparent', valid])
})

t.test('it is as strict as traceparent', async t => {
  const extract = (...headers: Headers) => reasonOf(elastic.extract(readerOf(headers)))
  t.equal(
    extract(['elastic-apm-traceparent', valid], ['Elastic-Apm-Traceparent', valid]),
    'multiple-traceparent'
  )
  t.equal(extract(['elastic-apm-traceparent', `${valid}\n`]), 'bad-format')
  t.equal(extract(['elastic-apm-traceparent', '']), 'bad-version')
  t.equal(extract(['elastic-apm-traceparent', `cc${valid.slice(2)}-${'x'.repeat(512)}`]), 'too-long')
  t.equal(extract(['traceparent', valid]), 'absent', 'which is another dialect')
})
