import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { byRank } from '../../src/dialects/find.ts'
import { instana } from '../../src/dialects/instana.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { xray } from '../../src/dialects/xray.ts'
import type { Precedence } from '../../src/mediate/policy.ts'
import { type Arrival, receive } from '../../src/mediate/receive.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { hop } from '../call.ts'
import { contexts } from '../dialects/contexts.ts'
import { type Headers, pairsOf, readerOf } from '../vectors/vectors.ts'

const one = '4bf92f3577b34da6a3ce929d0e0e4736'
const low = one.slice(16)
const other = '80f198ee56343ba864fe8b2a57d3eff7'
const third = 'c'.repeat(32)
const span = '00f067aa0ba902b7'
const child = 'e457b5a2e4d86bd1'
const grandparent = '05e3ac9a4f6e3b90'

function heard(by: Precedence, headers: Headers, accept: readonly Dialect[] = byRank): Arrival {
  return receive(readerOf(headers), accept, by)
}

function contextOf({ received }: Arrival): TraceContext {
  if (received.kind !== 'context') throw new Error(`a ${received.kind}`)
  return received.context
}

t.test('the richest: 128 bits, then tracestate, then a parent, then a decision', async t => {
  const narrow = ['b3', `${low}-${span}-1-${grandparent}`] as const
  const plain = ['uber-trace-id', `${other}:${child}:0:1`] as const
  const state: Headers = [
    ['traceparent', `00-${third}-${span}-00`],
    ['tracestate', 'a=1']
  ]
  const parented = ['uber-trace-id', `${other}:${child}:${grandparent}:0`] as const
  const open = ['sentry-trace', `${one}-${span}`] as const
  const winner = (...headers: Headers) => heard('richest', headers, [...byRank].reverse()).dialect
  t.equal(winner(narrow, plain), 'jaeger', 'a wide id goes before a parent')
  t.equal(winner(...state, parented), 'w3c', 'tracestate goes before a parent')
  t.equal(winner(parented, ['sentry-trace', `${one}-${span}-1`]), 'jaeger', 'a parent goes before none')
  t.equal(winner(['b3', `${other}-${span}-1`], open), 'b3', 'a decision goes before an open one')
})

t.test(
  'of equally rich contexts, and of those born in one year, the first in accept is followed',
  async t => {
    const headers: Headers = [
      ['sentry-trace', `${one}-${span}-1`],
      ['uber-trace-id', `${other}:${child}:0:1`]
    ]
    for (const accept of [byRank, [...byRank].reverse()]) {
      const first = accept.find(({ name }) => name === 'sentry' || name === 'jaeger')
      t.equal(heard('richest', headers, accept).dialect, first?.name)
      const aged = accept.map(dialect => ({ ...dialect, born: 2000 }))
      t.equal(heard('newest-dialect', headers, aged).dialect, first?.name)
    }
  }
)

t.test(
  'the newest dialect is followed wherever it stands in accept, and W3C is the newest of all',
  async t => {
    const headers: Headers = [
      ['X-B3-TraceId', one],
      ['X-B3-SpanId', span],
      ['uber-trace-id', `${other}:${child}:0:1`]
    ]
    for (const accept of [byRank, [...byRank].reverse()]) {
      t.match(heard('newest-dialect', headers, accept), {
        dialect: 'jaeger',
        conflicts: [{ dialect: 'b3multi', traceId: one, spanId: span }]
      })
      const withW3c: Headers = [...headers, ['traceparent', `00-${third}-${span}-00`]]
      const arrival = heard('newest-dialect', withW3c, accept)
      t.equal(arrival.dialect, 'w3c')
      t.equal(arrival.conflicts.length, 2)
    }
    for (const { name, born } of byRank) if (name !== 'w3c') t.ok(born < w3c.born, name)
  }
)

t.test('a whole context goes before a trace without a parent, however rich or new that is', async t => {
  const headers: Headers = [
    ['X-Amzn-Trace-Id', `Root=1-${other.slice(0, 8)}-${other.slice(8)};Sampled=1`],
    ['b3', `${low}-${span}`]
  ]
  for (const by of ['first', 'richest', 'newest-dialect'] as const) {
    t.match(heard(by, headers, [{ ...xray, born: 3000 }, b3]), {
      dialect: 'b3',
      conflicts: [{ dialect: 'xray', traceId: other, spanId: undefined }]
    })
  }
})

t.test('a 64-bit form gives way to the whole id that repeats it, whoever comes first', async t => {
  const headers: Headers = [
    ['b3', `${low}-${child}-1`],
    ['traceparent', `00-${one}-${span}-03`]
  ]
  for (const accept of [
    [b3, w3c],
    [w3c, b3]
  ]) {
    const arrival = heard('first', headers, accept)
    t.match(contextOf(arrival), { traceId: one, spanId: span, bits: 128, random: true })
    t.strictSame([arrival.dialect, arrival.conflicts], ['w3c', []])
  }
})

t.test('two whole ids with the same low half do not both repeat a narrow one', async t => {
  const sibling = `${'f'.repeat(16)}${low}`
  const headers: Headers = [
    ['b3', `${low}-${child}-1`],
    ['traceparent', `00-${one}-${span}-01`],
    ['uber-trace-id', `${sibling}:${span}:0:1`]
  ]
  t.match(heard('first', headers, [b3, w3c, jaeger]), {
    dialect: 'w3c',
    conflicts: [{ dialect: 'jaeger', traceId: sibling }]
  })
})

t.test('whoever names the span of another as its parent came after it, and is followed', async t => {
  const headers: Headers = [
    ['traceparent', `00-${one}-${span}-01`],
    ['tracestate', 'a=1'],
    ['b3', `${low}-${child}-1-${span}`]
  ]
  for (const accept of [
    [b3, w3c],
    [w3c, b3]
  ]) {
    const arrival = heard('first', headers, accept)
    t.equal(arrival.dialect, 'b3')
    t.strictSame(arrival.conflicts, [])
    t.match(contextOf(arrival), { traceId: one, spanId: child, parentId: span, bits: 128, tracestate: 'a=1' })
  }
})

t.test('two that name each other as their parent come to an end', async t => {
  const headers: Headers = [
    ['b3', `${one}-${child}-1-${span}`],
    ['uber-trace-id', `${one}:${span}:${child}:1`]
  ]
  t.match(contextOf(heard('first', headers)), { traceId: one })
})

t.test('of two spans of one trace that do not know each other the first is followed', async t => {
  const headers: Headers = [
    ['traceparent', `00-${one}-${span}-01`],
    ['b3', `${one}-${child}-1`]
  ]
  t.match(heard('first', headers, [w3c, b3]), { dialect: 'w3c', received: { context: { spanId: span } } })
  t.match(heard('first', headers, [b3, w3c]), { dialect: 'b3', received: { context: { spanId: child } } })
})

t.test('a dialect that repeats the trace lends what it alone knows', async t => {
  const set: string[] = []
  const said: TraceContext = {
    traceId: one,
    spanId: span,
    parentId: undefined,
    sampling: 'keep',
    bits: 128,
    random: false,
    tracestate: '',
    residue: undefined
  }
  sw8.inject(said, set, hop)
  const arrival = heard('first', [['traceparent', `00-${one}-${span}-01`], ...pairsOf(set)])
  t.equal(arrival.dialect, 'w3c')
  t.equal(contextOf(arrival).residue?.get('sw8.segment'), hop.segmentId)
  t.equal(contextOf(arrival).residue?.get('sw8.service'), hop.service)
  const stranger = heard('first', [['traceparent', `00-${other}-${span}-01`], ...pairsOf(set)])
  t.equal(contextOf(stranger).residue, undefined, 'and nothing where it is another trace')
})

t.test(
  'the same span in two dialects: parent, debug and width come from the one that can say them',
  async t => {
    const both: Headers = [
      ['traceparent', `00-${'0'.repeat(16)}${low}-${span}-01`],
      ['b3', `${low}-${span}-d-${grandparent}`]
    ]
    t.match(heard('first', both), {
      dialect: 'w3c',
      received: { context: { spanId: span, parentId: grandparent, sampling: 'debug', bits: 64 } }
    })
  }
)

t.test('a dialect that could have said debug and did not is taken at its word', async t => {
  const headers: Headers = [
    ['uber-trace-id', `${one}:${span}:0:1`],
    ['b3', `${one}-${span}-d`]
  ]
  t.equal(contextOf(heard('first', headers, [jaeger, b3])).sampling, 'keep')
})

t.test('that an id is random is known from whoever says so of the whole of it', async t => {
  const later = ['b3', `${one}-${child}-1-${span}`] as const
  t.equal(contextOf(heard('first', [later, ['traceparent', `00-${one}-${span}-03`]])).random, true)
  t.equal(contextOf(heard('first', [later, ['traceparent', `00-${one}-${span}-01`]])).random, false)
})

t.test('debug of another span of the trace is not taken over', async t => {
  const headers: Headers = [
    ['traceparent', `00-${one}-${span}-01`],
    ['b3', `${one}-${child}-d`]
  ]
  t.equal(contextOf(heard('first', headers)).sampling, 'keep')
})

t.test('an open decision is filled by the first that decides for this trace, not for another', async t => {
  const open = ['b3', `${one}-${span}`] as const
  const same = ['uber-trace-id', `${one}:${child}:0:1`] as const
  const foreign = ['uber-trace-id', `${other}:${child}:0:1`] as const
  t.equal(contextOf(heard('first', [open, same])).sampling, 'keep')
  t.equal(contextOf(heard('first', [open, foreign])).sampling, 'defer')
  t.equal(
    contextOf(heard('first', [open, same, ['X-INSTANA-L', '0']], [instana, b3, jaeger])).sampling,
    'drop'
  )
})

t.test('what is settled at a glance, for all say the same, is what a closer look comes to', async t => {
  // W3C is the first and the newest: one rule takes the glance, the other the closer look, at the same leader.
  const accept = [w3c, b3, jaeger, xray]
  const wire = (dialect: Dialect) =>
    fc.tuple(fc.nat(3), fc.nat(2)).map(([missing, version]) => ({ dialect, missing: missing === 0, version }))
  const requests = fc.tuple(
    fc.array(contexts, { minLength: 3, maxLength: 3 }),
    fc.tuple(...accept.map(wire)),
    fc.boolean()
  )
  fc.assert(
    fc.property(requests, ([versions, said, alike]) => {
      const set: string[] = []
      for (const { dialect, missing, version } of said) {
        const context = versions[alike ? 0 : version]
        if (!missing && context !== undefined) dialect.inject(context, set, hop)
      }
      if (!set.includes('traceparent')) return
      assert.deepEqual(heard('first', pairsOf(set), accept), heard('newest-dialect', pairsOf(set), accept))
    }),
    { numRuns: 500 }
  )
  t.pass('every mixture')
})

t.test('that an id is random is learned of the same span too, where nothing else differs', async t => {
  const same: Headers = [
    ['b3', `${one}-${span}-1`],
    ['traceparent', `00-${one}-${span}-03`]
  ]
  const arrival = heard('first', same, [b3, w3c])
  t.equal(arrival.dialect, 'b3')
  t.equal(contextOf(arrival).random, true)
})

t.test('a debug id beside a trace stays with it, and is no wish of it', async t => {
  const marked = heard('first', [
    ['traceparent', `00-${one}-${span}-01`],
    ['jaeger-debug-id', 'ticket-7']
  ])
  t.equal(marked.dialect, 'w3c')
  t.equal(contextOf(marked).residue?.get('jaeger-debug-id'), 'ticket-7')
  t.equal(contextOf(marked).sampling, 'keep')
  const set: string[] = []
  jaeger.inject(contextOf(marked), set, hop)
  t.strictSame(pairsOf(set), [
    ['uber-trace-id', `${one}:${span}:0:1`],
    ['jaeger-debug-id', 'ticket-7']
  ])
})
