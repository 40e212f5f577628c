import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { type Arrival, receive } from '../../src/mediate/receive.ts'
import { expected, reasonOf, seen } from '../dialects/reading.ts'
import { type Headers, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { all, root } from './policies.ts'

const one = '4bf92f3577b34da6a3ce929d0e0e4736'
const other = '80f198ee56343ba864fe8b2a57d3eff7'
const narrow = 'a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'
const another = 'e457b5a2e4d86bd1'

const inW3c = ['traceparent', `00-${one}-${span}-01`] as const
const otherInB3 = ['b3', `${other}-${another}-1`] as const

function received(headers: Headers, accept: readonly Dialect[] = all): Arrival {
  return receive(readerOf(headers), accept)
}

const deaf: Dialect = {
  ...b3multi,
  extract: () => {
    throw new Error('asked all the same')
  }
}

t.test('the first full context in the order of accept wins, and the other is a conflict', async t => {
  t.match(received([otherInB3, inW3c]), {
    dialect: 'w3c',
    received: { kind: 'context', context: { traceId: one, spanId: span } },
    conflicts: [{ dialect: 'b3', traceId: other, spanId: another }]
  })
  t.match(received([otherInB3, inW3c], [b3, w3c]), {
    dialect: 'b3',
    received: { kind: 'context', context: { traceId: other } },
    conflicts: [{ dialect: 'w3c', traceId: one, spanId: span }]
  })
})

t.test('a malformed dialect does not stand in the way of a later one, and is told of', async t => {
  t.match(received([['traceparent', 'garbage'], otherInB3]), {
    dialect: 'b3',
    received: { kind: 'context', context: { traceId: other } },
    malformed: [{ dialect: 'w3c', reason: 'bad-version' }],
    conflicts: []
  })
})

t.test('nobody said anything: nothing is received and nothing is malformed', async t => {
  t.strictSame(received([]), {
    dialect: undefined,
    received: { kind: 'none', reason: 'absent', malformed: false },
    malformed: [],
    conflicts: [],
    spoken: []
  })
})

t.test('garbage alone: every dialect of it is told of', async t => {
  const headers: Headers = [
    ['traceparent', 'garbage'],
    ['uber-trace-id', 'a:b']
  ]
  t.strictSame(received(headers), {
    dialect: 'jaeger',
    received: { kind: 'none', reason: 'field-count', malformed: true },
    malformed: [
      { dialect: 'w3c', reason: 'bad-version' },
      { dialect: 'jaeger', reason: 'field-count' }
    ],
    conflicts: [],
    spoken: []
  })
})

t.test('a lone decision is not lost because traceparent is absent or malformed', async t => {
  const drop = { dialect: 'b3', received: { kind: 'decision', sampling: 'drop' } }
  t.match(received([['b3', '0']]), drop)
  t.match(
    received([
      ['b3', '0'],
      ['traceparent', 'garbage']
    ]),
    drop
  )
  t.match(received([['X-B3-Flags', '1']]), {
    dialect: 'b3multi',
    received: { kind: 'decision', sampling: 'debug' }
  })
})

t.test('all that said something are told of, whoever is followed', async t => {
  const headers: Headers = [inW3c, ['b3', '0'], ['uber-trace-id', 'a:b']]
  const { spoken } = received(headers)
  t.match(spoken, [
    { dialect: 'w3c', received: { kind: 'context' } },
    { dialect: 'b3', received: { kind: 'decision' } }
  ])
  t.equal(spoken.length, 2, 'what is malformed says nothing')
})

t.test('of two lone decisions the first one holds', async t => {
  const headers: Headers = [
    ['b3', '0'],
    ['jaeger-debug-id', 'mine']
  ]
  t.match(received(headers), { dialect: 'b3', received: { sampling: 'drop' } })
  t.match(received(headers, [jaeger, b3]), { dialect: 'jaeger', received: { sampling: 'debug' } })
})

t.test('a remembered decision fills in for a context that left it open, with what came with it', async t => {
  const headers: Headers = [
    ['jaeger-debug-id', 'mine'],
    ['b3', `${other}-${another}`]
  ]
  const { dialect, received: got } = received(headers, [jaeger, b3])
  t.equal(dialect, 'b3')
  t.match(got, { kind: 'context', context: { traceId: other, spanId: another, sampling: 'debug' } })
  t.equal(got.kind === 'context' && got.context.residue?.get('jaeger-debug-id'), 'mine')
})

t.test('a context that decides is not overruled by a decision, before it or behind', async t => {
  const headers: Headers = [['b3', '0'], inW3c]
  for (const accept of [
    [b3, w3c],
    [w3c, b3]
  ]) {
    t.match(received(headers, accept), {
      dialect: 'w3c',
      received: { kind: 'context', context: { sampling: 'keep' } }
    })
  }
})

t.test('a trace without a parent is followed when nobody has a whole context', async t => {
  t.match(received([['x-root', one]], [root, w3c]), {
    dialect: 'root',
    received: { kind: 'trace', trace: { traceId: one, sampling: 'defer' } },
    conflicts: []
  })
})

t.test('a trace without a parent takes a decision, said before it or behind', async t => {
  const headers: Headers = [
    ['x-root', one],
    ['b3', '0']
  ]
  for (const accept of [
    [root, b3],
    [b3, root]
  ]) {
    t.match(received(headers, accept), {
      dialect: 'root',
      received: { kind: 'trace', trace: { traceId: one, sampling: 'drop' } }
    })
  }
})

t.test('a whole context goes before a trace without a parent, which conflicts if it is another', async t => {
  const headers: Headers = [['x-root', other], inW3c]
  const conflict = { dialect: 'root', traceId: other, spanId: undefined }
  t.match(received(headers, [root, w3c]), { dialect: 'w3c', conflicts: [conflict] })
  t.match(received(headers, [w3c, root]), { dialect: 'w3c', conflicts: [conflict] })
  t.strictSame(received([['x-root', one], inW3c], [root, w3c]).conflicts, [])
})

t.test('of two traces without a parent the first one is followed, the other is a conflict', async t => {
  const second: Dialect = { ...root, name: 'second', extract: read => root.extract(() => read('x-second')) }
  const headers: Headers = [
    ['x-root', one],
    ['x-second', other]
  ]
  t.match(received(headers, [root, second]), {
    dialect: 'root',
    conflicts: [{ dialect: 'second', traceId: other, spanId: undefined }]
  })
})

t.test('b3 that was spoken well is the end of b3multi', async t => {
  for (const value of [`${other}-${another}-1`, `${other}-${another}`, '0', 'd']) {
    t.equal(receive(readerOf([['b3', value]]), [b3, deaf]).dialect, 'b3', value)
  }
})

t.test('b3 that is malformed or empty is not', async t => {
  const multi: Headers = [
    ['X-B3-TraceId', other],
    ['X-B3-SpanId', another]
  ]
  for (const value of ['zz', '']) {
    t.match(received([['b3', value], ...multi]), { dialect: 'b3multi', received: { kind: 'context' } })
  }
})

for (const vector of vectors<Reading>('b3')) {
  t.test(`reads both encodings: ${vector.name}`, async t => {
    const arrival = received(vector.headers, [b3, b3multi])
    const { encoding, reason, traceIdBits } = vector.expect.extra
    t.strictSame(seen(arrival.received), expected(vector))
    t.equal(reasonOf(arrival.received), reason)
    if (encoding !== undefined) t.equal(arrival.dialect, encoding === 'single' ? 'b3' : 'b3multi')
    if (arrival.received.kind === 'context') t.equal(arrival.received.context.bits, traceIdBits)
    t.strictSame(arrival.conflicts, [])
  })
}

t.test('the 64-bit form of the same id is no conflict, whoever comes first', async t => {
  const headers: Headers = [inW3c, ['b3', `${narrow}-${another}-1`]]
  t.strictSame(received(headers, [w3c, b3]).conflicts, [])
  t.strictSame(received(headers, [b3, w3c]).conflicts, [])
})

t.test('two wide ids with the same low half are two traces', async t => {
  const sibling = `${'f'.repeat(16)}${narrow}`
  const { conflicts } = received([inW3c, ['b3', `${sibling}-${another}-1`]])
  t.match(conflicts, [{ dialect: 'b3', traceId: sibling }])
})

t.test('every dialect that disagrees is a conflict of its own', async t => {
  const third = 'c'.repeat(32)
  const { conflicts } = received([inW3c, otherInB3, ['uber-trace-id', `${third}:${span}:0:1`]])
  t.match(conflicts, [
    { dialect: 'b3', traceId: other },
    { dialect: 'jaeger', traceId: third }
  ])
  t.equal(conflicts.length, 2)
})

t.test('what was left out of a context is said', async t => {
  const arrival = received([inW3c, ['tracestate', 'no member']])
  t.match(arrival.received, { kind: 'context', discarded: 'tracestate invalid-member' })
})
