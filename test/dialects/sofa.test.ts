import fc from 'fast-check'
import t from 'tap'
import { b3multi } from '../../src/dialects/b3multi.ts'
import { sofa } from '../../src/dialects/sofa.ts'
import { receive } from '../../src/mediate/receive.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { rpcSpanId, sofaTraceId } from '../../src/trace/identity.ts'
import { hop } from '../call.ts'
import { type Encoding, type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contexts } from './contexts.ts'
import { contract } from './contract.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const trace = '0ad1348f1403169275002100356696'

const spoken = fc
  .tuple(contexts, fc.option(fc.constantFrom(trace, 'not-hex-id!')), fc.constantFrom('0', '0.1', '9.12.3'))
  .map(([context, id, rpc]): TraceContext => {
    if (id === null) return context
    const residue = new Map([
      ['sofa.trace', id],
      ['sofa.rpc', rpc]
    ])
    return { ...context, traceId: sofaTraceId(id), residue }
  })

contract(t, sofa, {
  contexts: spoken,
  arrives: ({ traceId, residue }) => {
    const id = residue?.get('sofa.trace') ?? traceId
    const parent = residue?.get('sofa.rpc') ?? '0'
    const rpc = `${parent}.${hop.number}`
    return {
      spanId: rpcSpanId(id, rpc),
      parentId: rpcSpanId(id, parent),
      residue: new Map([
        ['sofa.trace', id],
        ['sofa.rpc', rpc],
        ['sofa.parent', parent]
      ])
    }
  },
  stable: ['X-B3-TraceId', 'X-B3-Sampled']
})

type SofaEncoding = Encoding & {
  readonly context: { readonly sofaTraceId: string; readonly parentRpcId: string; readonly rpcId: string }
}

const encodings = vectors<SofaEncoding>('encode').filter(vector => vector.expect.to === 'sofa')
t.ok(encodings.length > 0, 'there are encode vectors to sofa')
for (const { name, context, expect } of encodings) {
  t.test(`writes ${name}`, async t => {
    const whole: TraceContext = {
      traceId: context.traceId ?? '',
      spanId: context.spanId,
      parentId: undefined,
      sampling: context.sampled,
      bits: 128,
      random: false,
      tracestate: '',
      residue: new Map([
        ['sofa.trace', context.sofaTraceId],
        ['sofa.rpc', context.parentRpcId]
      ])
    }
    const set: string[] = []
    sofa.inject(whole, set, {
      ...hop,
      number: Number(context.rpcId.slice(context.rpcId.lastIndexOf('.') + 1))
    })
    t.strictSame(pairsOf(set), expect.headers)
  })
}

for (const vector of vectors<Reading>('sofa')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = sofa.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind !== 'context') return
    const { residue } = received.context
    t.equal(residue?.get('sofa.trace'), extra['sofaTraceId'])
    t.equal(residue?.get('sofa.rpc'), extra['rpcId'])
    t.equal(residue?.get('sofa.parent'), extra['parentRpcId'])
  })
}

for (const vector of vectors<Reading>('b3-multi')) {
  t.test(`leaves to B3: ${vector.name}`, async t => {
    const received = sofa.extract(readerOf(vector.headers))
    t.match(received, { kind: 'none', malformed: false })
    const alone = receive(readerOf(vector.headers), [b3multi])
    t.strictSame(receive(readerOf(vector.headers), [sofa, b3multi]), alone)
  })
}

function spans(span: string | undefined, ...more: Headers): Headers {
  return [['X-B3-TraceId', trace], ...(span === undefined ? [] : ([['X-B3-SpanId', span]] as const)), ...more]
}

function rewritten(headers: Headers, differing = {}): [string, string][] {
  const set: string[] = []
  sofa.inject(contextOf(sofa.extract(readerOf(headers))), set, { ...hop, ...differing })
  return pairsOf(set)
}

t.test('where SOFATracer speaks, B3 is not asked and complains of nothing', async t => {
  const arrival = receive(readerOf(spans('0.1')), [sofa, b3multi])
  t.match(arrival, { dialect: 'sofa', malformed: [], conflicts: [] })
})

t.test('a gateway that does not show leaves all as it was', async t => {
  for (const headers of [
    spans('0.1', ['X-B3-ParentSpanId', '0'], ['X-B3-Sampled', 'true']),
    spans('0', ['X-B3-Sampled', 'false'])
  ]) {
    t.strictSame(rewritten(headers, { transparent: true }), headers)
  }
})

t.test('a parent that is no path, or the call itself, is taken from the path', async t => {
  for (const parent of ['', 'x', '0.1.2']) {
    const { residue } = contextOf(sofa.extract(readerOf(spans('0.1.2', ['X-B3-ParentSpanId', parent]))))
    t.equal(residue?.get('sofa.parent'), '0.1', parent)
  }
})

t.test('sampled is read as SOFATracer reads it', async t => {
  for (const [word, sampling] of [
    ['true', 'keep'],
    ['TRUE', 'keep'],
    ['1', 'keep'],
    ['0', 'drop'],
    ['false', 'drop'],
    ['maybe', 'drop'],
    ['', 'drop']
  ] as const) {
    t.match(sofa.extract(readerOf(spans('0.1', ['X-B3-Sampled', word]))), { context: { sampling } }, word)
  }
})

t.test('a trace id without a span id is SOFATracer’s by its layout alone', async t => {
  const reason = (id: string) => reasonOf(sofa.extract(readerOf([['X-B3-TraceId', id]])))
  t.equal(reason(trace), undefined)
  t.equal(reason('0ad1348f140316927500210035669612'), 'not-sofa-dialect', 'as long as one of B3')
  t.equal(reason('80f198ee56343ba8'), 'not-sofa-dialect')
  t.equal(reason(''), 'not-sofa-dialect')
})

t.test('what is no trace id is a complaint', async t => {
  for (const bad of ['', 'a b', 'é', 'x'.repeat(65)]) {
    const headers: Headers = [
      ['X-B3-TraceId', bad],
      ['X-B3-SpanId', '0.1']
    ]
    t.equal(reasonOf(sofa.extract(readerOf(headers))), 'trace-id', JSON.stringify(bad))
  }
})

t.test('the single header is read in any order, with what it does not name left to its default', async t => {
  const read = (head: string) => sofa.extract(readerOf([['sftc_head', head]]))
  t.match(read(`sample=false&spid=0.3&tcid=${trace}&_sys_k=v&`), {
    context: { sampling: 'drop', spanId: rpcSpanId(trace, '0.3') }
  })
  t.match(read(`tcid=${trace}`), { context: { sampling: 'keep', spanId: rpcSpanId(trace, '0') } })
  t.equal(reasonOf(read('spid=0.1&')), 'no-trace-id')
  t.equal(reasonOf(read('')), 'no-trace-id')
  t.equal(reasonOf(read('tcid%3D%E0%A4')), 'sftc-head')
  t.equal(reasonOf(read(`tcid=${trace}&${'x'.repeat(4096)}`)), 'sftc-head')
})

t.test('beside B3 in B3’s own fields the single header is still read', async t => {
  const headers: Headers = [
    ['X-B3-TraceId', '80f198ee56343ba864fe8b2a57d3eff7'],
    ['X-B3-SpanId', 'e457b5a2e4d86bd1'],
    ['sftc_head', `tcid=${trace}&spid=0.1&`]
  ]
  t.match(sofa.extract(readerOf(headers)), { context: { spanId: rpcSpanId(trace, '0.1') } })
})
