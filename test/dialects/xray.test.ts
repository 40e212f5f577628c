import fc from 'fast-check'
import t from 'tap'
import { xray } from '../../src/dialects/xray.ts'
import type { Residue } from '../../src/trace/context.ts'
import { hop } from '../call.ts'
import { pairsOf, type Reading, readerOf, type Vector, vectors } from '../vectors/vectors.ts'
import { contextsWith } from './contexts.ts'
import { contract, surviving } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const root = 'Root=1-5759e988-bd862e3fe1be46a994272793'
const valid = `${root};Parent=53995c3f42cd8ad8;Sampled=1`

const extract = (value: string) => xray.extract(readerOf([['X-Amzn-Trace-Id', value]]))

/** What is written for this header. */
function rewritten(value: string): string | undefined {
  const set: string[] = []
  xray.inject(contextOf(extract(value)), set, hop)
  return set[1]
}

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9:|._-]{0,20}$/)
const fields = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 5 })
  .map(list => list.map(([name, value]) => `X${name}=${value}`).join(';'))

contract(t, xray, {
  contexts: contextsWith(new Map([['xray.fields', fields]])),
  arrives: surviving('xray.fields')
})
encodings(t, xray, 'xray')

for (const vector of vectors<Reading>('xray')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = xray.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    const residue: Residue | undefined = received.kind === 'trace' ? received.trace.residue : undefined
    t.equal(residue?.get('xray.fields'), extra['self'] === undefined ? undefined : `Self=${extra['self']}`)
  })
}

type Mapping = Vector<{ readonly root: string }> & {
  readonly input: { readonly kind: string; readonly traceId: string }
}

for (const { name, input, expect } of vectors<Mapping>('id-mapping').filter(
  ({ input }) => input.kind === 'xray'
)) {
  t.test(`maps ${name}`, async t => {
    const context = { ...contextOf(extract(valid)), traceId: input.traceId }
    t.equal(xray.traceIdText(context), expect.root)
    const set: string[] = []
    xray.inject(context, set, hop)
    t.match(set[1], `Root=${expect.root};`)
  })
}

t.test('an undecided caller is told apart from one that says nothing, and both leave it open', async t => {
  t.equal(contextOf(extract(valid.replace('Sampled=1', 'Sampled=?'))).sampling, 'defer')
  t.equal(contextOf(extract(`${root};Parent=53995c3f42cd8ad8`)).sampling, 'defer')
})

t.test('a word on sampling that nobody knows costs the word alone', async t => {
  const received = extract(valid.replace('Sampled=1', 'Sampled=yes'))
  t.match(received, { kind: 'context', context: { sampling: 'defer' }, discarded: 'sampled' })
})

t.test('a root without a parent, or with one of zeros, is a trace', async t => {
  t.match(extract(`${root};Sampled=0`), { kind: 'trace', trace: { sampling: 'drop' } })
  t.match(extract(`${root};Parent=0000000000000000;Sampled=1`), {
    kind: 'trace',
    trace: { sampling: 'keep' }
  })
})

t.test('a decision stands without ids, and so does what came with it', async t => {
  t.match(extract('Sampled=0'), { kind: 'decision', sampling: 'drop', residue: undefined })
  const received = extract('Sampled=1;Lineage=a87bd80c:1')
  t.match(received, { kind: 'decision', sampling: 'keep' })
  t.strictSame(
    received.kind === 'decision' && received.residue,
    new Map([['xray.fields', 'Lineage=a87bd80c:1']])
  )
  t.equal(reasonOf(extract('Sampled=?')), 'root', 'which decides nothing')
  t.equal(reasonOf(extract('Parent=53995c3f42cd8ad8;Sampled=1')), 'root')
  t.equal(reasonOf(extract('Lineage=a87bd80c:1')), 'root')
})

t.test('the fields of others go on, those of Lambda’s loop detection first', async t => {
  const others = 'Self=1-67891234-12456789abcdef012345678;Lineage=a87bd80c:1|68fd508a:5;CalledFrom=app'
  t.equal(rewritten(`${others}; ${valid}`), `${valid};${others}`)
  const long = `Long=${'x'.repeat(240)}`
  t.equal(rewritten(`${valid};${long}`), `${valid};${long}`)
  t.equal(rewritten(`${valid};${long};Lineage=a87bd80c:1`), `${valid};Lineage=a87bd80c:1`)
  t.equal(rewritten(`${valid};Lineage=${'x'.repeat(260)}`), valid)
})

t.test('bytes that are not visible ASCII go no further', async t => {
  for (const bad of ['a=é', 'a=b c', 'a=\0', 'a\r\nx=y', '=b', 'novalue', '']) {
    t.equal(rewritten(`${valid};${bad};Ok=1`), `${valid};Ok=1`, JSON.stringify(bad))
  }
})

t.test('names that every object knows are fields of others', async t => {
  t.equal(rewritten(`${valid};__proto__=1;constructor=2`), `${valid};__proto__=1;constructor=2`)
})

t.test('two headers, or a field twice, are two contexts for all we know', async t => {
  const twice = xray.extract(
    readerOf([
      ['X-Amzn-Trace-Id', valid],
      ['x-amzn-trace-id', valid]
    ])
  )
  t.equal(reasonOf(twice), 'multiple')
  for (const again of ['Root=1-5759e988-bd862e3fe1be46a994272793', 'PARENT=53995c3f42cd8ad8', 'sampled=1']) {
    t.equal(reasonOf(extract(`${valid};${again}`)), 'repeated-field', again)
  }
})

t.test('ids that are no ids cost the whole', async t => {
  t.equal(reasonOf(extract('Root=1-00000000-000000000000000000000000;Sampled=1')), 'root')
  for (const parent of ['', '53995c3f42cd8ad', '53995c3f42cd8ad8a', '53995c3f42cd8adg']) {
    t.equal(reasonOf(extract(`${root};Parent=${parent};Sampled=1`)), 'parent', parent)
  }
})

t.test('over 1 KiB is not even looked at', async t => {
  t.equal(reasonOf(extract(`${valid};a=${'x'.repeat(1024)}`)), 'too-long')
})

t.test('a decision is written without ids', async t => {
  const set: string[] = []
  xray.injectDecision?.('debug', set)
  t.strictSame(pairsOf(set), [['X-Amzn-Trace-Id', 'Sampled=1']])
})
