import fc from 'fast-check'
import t from 'tap'
import { datadog } from '../../src/dialects/datadog.ts'
import type { Residue, TraceContext } from '../../src/trace/context.ts'
import { priorityFor } from '../../src/trace/datadog.ts'
import { isZero } from '../../src/trace/ids.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, type Vector, vectors } from '../vectors/vectors.ts'
import { contextsWith, hex } from './contexts.ts'
import { contract } from './contract.ts'
import { encodings } from './encoding.ts'
import { contextOf, expected, reasonOf, seen } from './reading.ts'

const ids: Headers = [
  ['x-datadog-trace-id', '11803532876627986230'],
  ['x-datadog-parent-id', '67667974448284343']
]

const extract = (...headers: Headers) => datadog.extract(readerOf(headers))

function written(context: TraceContext): [string, string][] {
  const set: string[] = []
  datadog.inject(context, set, hop)
  return pairsOf(set)
}

const rewritten = (...headers: Headers) => new Map(written(contextOf(extract(...headers))))

const word = fc.stringMatching(/^[!-+\--:<>-~]{1,20}$/)
const tags = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z.]{1,10}$/), word), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 6
  })
  .map(list => list.map(([key, value]) => `_dd.p.x${key}=${value}`).join(','))

/** All that Datadog's own headers say of a context. */
function residueOf({ spanId, sampling, residue }: TraceContext): Residue {
  const kept = new Map([['datadog.parent', spanId]])
  const priority = priorityFor(sampling, residue?.get('datadog.priority'))
  if (priority === '2' || priority === '-1') kept.set('datadog.priority', priority)
  for (const key of ['datadog.origin', 'datadog.tags']) {
    const value = residue?.get(key)
    if (value !== undefined) kept.set(key, value)
  }
  return kept
}

contract(t, datadog, {
  // An id whose low half is zero is none to Datadog: that has a test of its own.
  contexts: contextsWith(
    new Map([
      ['datadog.priority', fc.constantFrom('-1', '2')],
      ['datadog.origin', word],
      ['datadog.tags', tags],
      ['datadog.parent', hex(16)]
    ])
  ).filter(({ traceId }) => !isZero(traceId.slice(16))),
  arrives: context => ({
    // The width shows in the high half alone.
    bits: isZero(context.traceId.slice(0, 16)) ? 64 : 128,
    residue: residueOf(context)
  })
})
encodings(t, datadog, 'datadog')

for (const vector of vectors<Reading>('datadog')) {
  t.test(`reads ${vector.name}`, async t => {
    const received = datadog.extract(readerOf(vector.headers))
    const { extra } = vector.expect
    t.strictSame(seen(received), expected(vector))
    t.equal(reasonOf(received), extra['reason'])
    if (received.kind === 'decision') {
      t.equal(
        priorityFor(received.sampling, received.residue?.get('datadog.priority')),
        String(extra['priority'])
      )
    }
    if (received.kind !== 'context') return
    t.equal(received.context.bits, extra['traceIdBits'])
    const again = new Map(written(received.context))
    t.equal(again.get('x-datadog-sampling-priority'), String(extra['priority']))
    t.equal(again.get('x-datadog-tags'), undefined, 'a tag that is no half of an id is not passed on')
  })
}

type Mapping = Vector<Readonly<Record<string, string>>> & {
  readonly input: { readonly kind: string; readonly traceId: string; readonly spanId: string }
}

for (const { name, input, expect } of vectors<Mapping>('id-mapping').filter(
  ({ input }) => input.kind === 'datadog'
)) {
  t.test(`maps ${name}`, async t => {
    const { traceId, spanId } = input
    const context: TraceContext = {
      ...contextOf(extract(...ids)),
      traceId,
      spanId,
      bits: 128,
      residue: undefined
    }
    const sent = new Map(written(context))
    t.equal(sent.get('x-datadog-trace-id'), expect['x-datadog-trace-id'])
    t.equal(sent.get('x-datadog-parent-id'), expect['x-datadog-parent-id'])
    t.equal(sent.get('x-datadog-tags'), `_dd.p.tid=${expect['tid']}`)
    t.match(datadog.extract(readerOf([...sent])), { kind: 'context', context: { traceId, spanId } })
  })
}

t.test('half of the trace id is read before tags are too many', async t => {
  const wide = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', bits: 128 }
  const list = `_dd.p.dm=-4,_dd.p.long=${'x'.repeat(470)},_dd.p.tid=4bf92f3577b34da6`
  const received = extract(...ids, ['x-datadog-tags', list])
  t.match(received, { kind: 'context', context: wide, discarded: 'tags too-long' })
  t.equal(contextOf(received).residue?.get('datadog.tags'), undefined)
  t.match(extract(...ids, ['x-datadog-tags', `${list},${'y'.repeat(600)}`]), { reason: 'too-long' })
})

t.test('origin and tags go on, those of two lines together', async t => {
  const sent = rewritten(
    ...ids,
    ['x-datadog-origin', 'synthetics'],
    ['x-datadog-tags', '_dd.p.dm=-4'],
    ['x-datadog-tags', '_dd.p.tid=4bf92f3577b34da6,secret=1']
  )
  t.equal(sent.get('x-datadog-origin'), 'synthetics')
  t.equal(sent.get('x-datadog-tags'), '_dd.p.tid=4bf92f3577b34da6,_dd.p.dm=-4')
})

t.test('a parent of zero, or none, makes a trace', async t => {
  const [trace = ['', '']] = ids
  for (const headers of [[trace], [trace, ['x-datadog-parent-id', '0'] as const]]) {
    const received = extract(...headers, ['x-datadog-sampling-priority', '-1'], ['x-datadog-origin', 'rum'])
    t.match(received, { kind: 'trace', trace: { sampling: 'drop', bits: 64 } })
    const residue = received.kind === 'trace' ? received.trace.residue : undefined
    t.strictSame(
      residue,
      new Map([
        ['datadog.priority', '-1'],
        ['datadog.origin', 'rum']
      ])
    )
  }
})

t.test('what cannot be read beside sound ids costs itself alone', async t => {
  for (const priority of ['', '3', '-2', '1.0', 'keep', '1,1', '__proto__']) {
    const received = extract(...ids, ['x-datadog-sampling-priority', priority])
    t.match(
      received,
      { kind: 'context', context: { sampling: 'defer' }, discarded: 'sampling-priority' },
      priority
    )
  }
  const received = extract(...ids, ['x-datadog-origin', 'a\0'])
  t.match(received, { kind: 'context', discarded: 'origin' })
  t.equal(contextOf(received).residue?.has('datadog.origin'), false)
})

t.test('ids that are no decimals of 64 bits cost the whole', async t => {
  for (const bad of ['', '-1', '0x1', '18446744073709551616', '1,1', '__proto__', '1\0']) {
    const [trace = ['', ''], parent = ['', '']] = ids
    t.equal(reasonOf(extract(['x-datadog-trace-id', bad], parent)), 'trace-id', bad)
    t.equal(reasonOf(extract(trace, ['x-datadog-parent-id', bad])), 'parent-id', bad)
  }
  t.equal(reasonOf(extract(['x-datadog-parent-id', '1'])), 'trace-id')
})

t.test('a priority that nobody knows decides nothing, and an origin alone is silence', async t => {
  t.equal(reasonOf(extract(['x-datadog-sampling-priority', 'x'])), 'sampling-priority')
  t.equal(reasonOf(extract(['x-datadog-origin', 'rum'], ['x-datadog-tags', '_dd.p.dm=-4'])), 'absent')
})

t.test('an id whose low half is zero is not written, for Datadog takes it for none', async t => {
  t.strictSame(written({ ...contextOf(extract(...ids)), traceId: `4bf92f3577b34da6${'0'.repeat(16)}` }), [])
})

t.test('what its headers say goes along in tracestate, and comes back', async t => {
  const context = contextOf(
    extract(
      ...ids,
      ['x-datadog-sampling-priority', '2'],
      ['x-datadog-origin', 'rum'],
      ['x-datadog-tags', '_dd.p.dm=-4']
    )
  )
  const { member } = datadog
  t.equal(member?.key, 'dd')
  const value = member?.write(context, hop) ?? ''
  t.equal(value, 's:2;o:rum;p:00f067aa0ba902b7;t.dm:-4')
  const later: TraceContext = { ...context, spanId: '1'.repeat(16), residue: member?.read(value, context) }
  t.equal(member?.write(later, hop), value, 'the last span of Datadog stays the last')
  const sent = new Map(written(later))
  t.equal(sent.get('x-datadog-sampling-priority'), '2')
  t.equal(sent.get('x-datadog-origin'), 'rum')
  t.equal(sent.get('x-datadog-tags'), '_dd.p.dm=-4')
})

t.test('any field over 1 KiB costs the whole', async t => {
  for (const name of datadog.fields) {
    const others = ids.filter(([other]) => other !== name)
    t.equal(reasonOf(extract(...others, [name, '1'.repeat(1025)])), 'too-long', name)
  }
})
