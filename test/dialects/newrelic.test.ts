import fc from 'fast-check'
import t from 'tap'
import { elastic } from '../../src/dialects/elastic.ts'
import { instana } from '../../src/dialects/instana.ts'
import { newrelic } from '../../src/dialects/newrelic.ts'
import type { Sampling, TraceContext } from '../../src/trace/context.ts'
import { traceIdInWidth } from '../../src/trace/width.ts'
import { type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contract } from './contract.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const sampled: Readonly<Record<Sampling, boolean | undefined>> = {
  keep: true,
  debug: true,
  drop: false,
  defer: undefined
}

/** As an agent writes it, which has the account that the gateway has not. */
function payload(d: object, v: { readonly v?: unknown } = { v: [0, 1] }): string {
  return Buffer.from(JSON.stringify({ d, ...v })).toString('base64')
}

function dataOf(context: TraceContext) {
  const { spanId, sampling } = context
  const ids = { tr: traceIdInWidth(context), id: spanId, tx: 'e8b91a159289ff74' }
  return { ...ids, ty: 'App', ac: '33', ap: '2827902', sa: sampled[sampling], ti: 1518469636035 }
}

const agent = {
  ...newrelic,
  segments: false,
  inject: (context: TraceContext, set: string[]) => {
    set.push('newrelic', payload(dataOf(context)))
  },
  injectDecision: undefined,
  traceIdText: traceIdInWidth
}

// The id begins where three bytes and four digits of base64 both do.
const whole = (text: string) => Buffer.from(text.slice(0, text.length - (text.length % 3))).toString('base64')
contract(t, agent, { onWire: whole })

for (const vector of vectors<Reading>('newrelic')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = newrelic.extract(readerOf(vector.headers))
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), vector.expect.extra['reason'])
  })
}

const data = {
  ty: 'App',
  ac: '33',
  ap: '2827902',
  id: '7d3efb1b173fecfa',
  tr: '4bf92f3577b34da6a3ce929d0e0e4736',
  tx: 'e8b91a159289ff74',
  sa: true,
  ti: 1518469636035
}
const read = (value: string) => newrelic.extract(readerOf([['newrelic', value]]))

t.test('an agent that reports no spans names its transaction alone, and that is the parent', async t => {
  const { id: _, ...lone } = data
  t.equal(contextOf(read(payload(lone))).spanId, 'e8b91a159289ff74')
})

t.test('what is said of sampling is kept, dropped or left open', async t => {
  const { sa: _, ...open } = data
  t.equal(contextOf(read(payload({ ...data, sa: true }))).sampling, 'keep')
  t.equal(contextOf(read(payload({ ...data, sa: false }))).sampling, 'drop')
  for (const other of [open, { ...data, sa: null }, { ...data, sa: 'true' }, { ...data, sa: 1 }]) {
    t.equal(contextOf(read(payload(other))).sampling, 'defer')
  }
})

t.test('each thing that is required is missed, be it absent, null or empty', async t => {
  for (const key of ['ty', 'ac', 'ap', 'tr', 'ti']) {
    for (const nothing of [undefined, null, '']) {
      t.equal(reasonOf(read(payload({ ...data, [key]: nothing }))), 'required-key', key)
    }
  }
  t.equal(reasonOf(read(payload({ ...data, id: null, tx: '' }))), 'required-key')
})

t.test('ids are digits and not all zeros', async t => {
  for (const tr of ['g'.repeat(32), '0'.repeat(32), 'a'.repeat(33), 12, ['a'], { a: 1 }, true]) {
    t.equal(reasonOf(read(payload({ ...data, tr }))), 'trace-id', JSON.stringify(tr))
  }
  for (const id of ['g'.repeat(16), '0', 'a'.repeat(17), 7, ['a'], {}]) {
    t.equal(reasonOf(read(payload({ ...data, id }))), 'span-id', JSON.stringify(id))
  }
  const { traceId, spanId, bits } = contextOf(read(payload({ ...data, tr: 'ABC', id: 'DEF' })))
  t.strictSame([traceId, spanId, bits], ['abc'.padStart(32, '0'), 'def'.padStart(16, '0'), 64])
})

t.test('what is no object, or of no version, is told apart', async t => {
  for (const text of ['null', '[]', '1', '"x"', '{', '{"v":[0,1]', '']) {
    t.equal(reasonOf(read(Buffer.from(text).toString('base64'))), 'json', text)
  }
  for (const version of [undefined, null, 0, 'x', [], ['0'], { 0: 0 }]) {
    t.equal(reasonOf(read(payload(data, { v: version }))), 'version', JSON.stringify(version))
  }
  t.equal(reasonOf(read(payload(data, { v: [1, 0] }))), 'major-version')
  for (const none of [null, [], 'x', 3]) {
    const text = JSON.stringify({ v: [0, 1], d: none })
    t.equal(reasonOf(read(Buffer.from(text).toString('base64'))), 'required-key', text)
  }
})

t.test('keys that every object knows are data like any other', async t => {
  const inherited = `{"v":[0,1],"__proto__":{"d":${JSON.stringify(data)}}}`
  t.equal(reasonOf(read(Buffer.from(inherited).toString('base64'))), 'required-key')
  const hidden = `{"v":[0,1],"d":{"__proto__":${JSON.stringify(data)}}}`
  t.equal(reasonOf(read(Buffer.from(hidden).toString('base64'))), 'required-key')
  t.equal(Reflect.get({}, 'tr'), undefined, 'and nothing sticks')
})

t.test('it is bounded before it is decoded, and no depth hurts', async t => {
  const value = payload(data)
  t.equal(reasonOf(read('A'.repeat(1025))), 'too-long')
  t.equal(reasonOf(read(payload({ ...data, more: 'x'.repeat(1000) }))), 'too-long')
  t.equal(reasonOf(read(Buffer.from('['.repeat(768)).toString('base64'))), 'json')
  const deep = `{"v":[0,1],"d":{"x":${'['.repeat(300)}${']'.repeat(300)}}}`
  t.equal(reasonOf(read(Buffer.from(deep).toString('base64'))), 'required-key')
  t.equal(reasonOf(read(`${value},${value}`)), 'base64', 'two lines are none')
  t.equal(reasonOf(read(`${value}\n`)), 'base64')
  t.equal(reasonOf(read('_-_-')), 'base64', 'which is the alphabet of URLs')
  t.equal(reasonOf(read('')), 'json', 'said, but nothing')
})

t.test('any JSON is a value', async t => {
  fc.assert(
    fc.property(fc.json(), text => {
      const received = read(Buffer.from(text).toString('base64'))
      if (received.kind !== 'none') throw new Error('no JSON by chance is a payload')
    })
  )
  t.pass('and no exception')
})

t.test('it is read after Elastic’s header and before Instana’s', async t => {
  t.ok(elastic.rank < newrelic.rank && newrelic.rank < instana.rank)
})
