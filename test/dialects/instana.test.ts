import t from 'tap'
import { instana } from '../../src/dialects/instana.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const ids: Headers = [
  ['X-INSTANA-T', 'a3ce929d0e0e4736'],
  ['X-INSTANA-S', '00f067aa0ba902b7']
]

const extract = (...headers: Headers) => instana.extract(readerOf(headers))

contract(t, instana, {
  arrives: ({ traceId, spanId, bits }) => ({
    residue: new Map([['instana.ancestor', `${bits === 64 ? traceId.slice(16) : traceId};${spanId}`]])
  })
})

for (const vector of vectors<Reading>('instana')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = instana.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind === 'context') t.equal(received.context.bits, extra['traceIdBits'])
  })
}

t.test('a page’s own correlation is nothing malformed, only no parent', async t => {
  const received = extract(...ids, ['X-INSTANA-L', '1,correlationType=web;correlationId=abcdef0123456789'])
  t.match(received, { kind: 'none', reason: 'correlation-restart', malformed: false })
})

t.test('suppression holds whatever stands beside it', async t => {
  for (const level of ['0', '0,correlationType=web;correlationId=abc', '0 , x', '0,0', '0,1']) {
    t.match(extract(...ids, ['X-INSTANA-L', level]), { kind: 'decision', sampling: 'drop' }, level)
  }
})

t.test('a level that nobody knows costs the whole', async t => {
  for (const level of ['', '2', '01', '1;', '1,1', '1,__proto__=x', '-1', '1,correlation', '1\0']) {
    t.equal(reasonOf(extract(...ids, ['X-INSTANA-L', level])), 'level', JSON.stringify(level))
  }
})

t.test('one id without the other is no context', async t => {
  t.equal(reasonOf(extract(['X-INSTANA-S', '1'], ['X-INSTANA-L', '1'])), 'incomplete')
  t.equal(reasonOf(extract(['X-INSTANA-T', '1'], ['X-INSTANA-L', '1'])), 'incomplete')
})

t.test('ids of zeros, and two lines of one, are no ids', async t => {
  t.equal(reasonOf(extract(['X-INSTANA-T', '0'], ['X-INSTANA-S', '1'])), 'trace-id')
  t.equal(reasonOf(extract(['X-INSTANA-T', '1'], ['X-INSTANA-S', '0'])), 'span-id')
  t.equal(reasonOf(extract(...ids, ['X-INSTANA-T', '1'])), 'trace-id')
  t.equal(reasonOf(extract(...ids, ['X-INSTANA-S', '1'])), 'span-id')
})

t.test('a dropped trace goes on as suppression alone', async t => {
  const context = contextOf(extract(...ids))
  const set: string[] = []
  instana.inject({ ...context, sampling: 'drop' }, set, hop)
  t.strictSame(pairsOf(set), [['X-INSTANA-L', '0']])
})

t.test('the last span of Instana goes along in tracestate', async t => {
  const { member } = instana
  const context = contextOf(extract(...ids))
  const value = 'a3ce929d0e0e4736;00f067aa0ba902b7'
  t.equal(member?.key, 'in')
  t.equal(member?.write(context, hop), value)
  t.strictSame(member?.read(value, context), new Map([['instana.ancestor', value]]))
  const wide = `4bf92f3577b34da6${value}`
  t.equal(member?.write({ ...context, residue: member.read(wide, context) }, hop), wide)
  t.equal(member?.write({ ...context, residue: undefined }, hop), undefined)
  for (const bad of ['', 'a;b', value.toUpperCase(), `${value};`, value.replace(';', ':'), '__proto__']) {
    t.equal(member?.read(bad, context), undefined, bad)
  }
})

t.test('any field over 1 KiB costs the whole', async t => {
  for (const name of instana.fields) {
    const others = ids.filter(([other]) => other !== name)
    t.equal(reasonOf(extract(...others, [name, '1'.repeat(1025)])), 'too-long', name)
  }
})
