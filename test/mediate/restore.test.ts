// Two gateways with a foreign hop between them that overwrites traceparent and lets tracestate through.
import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import type { Policy, Trust } from '../../src/mediate/policy.ts'
import { encodeText } from '../../src/trace/base64.ts'
import { storedIn } from '../../src/trace/stored.ts'
import { memberOf } from '../../src/trace/tracestate.ts'
import type { Headers } from '../vectors/vectors.ts'
import { policyOf } from './policies.ts'
import { sent, through, type Went } from './through.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const foreignTrace = 'ffffffffffffffffffffffffffffffff'
const foreignSpan = 'eeeeeeeeeeeeeeee'
const caller: Headers = [
  ['traceparent', `00-${traceId}-${spanId}-03`],
  ['tracestate', 'vendor=1']
]

type Side = Partial<Pick<Policy, 'spans' | 'stores' | 'takes' | 'accept' | 'emit'>>

function at(side: Side, headers: Headers, trust: Trust = 'continue'): Went {
  const accept: readonly Dialect[] = [w3c, b3, sw8]
  return through(headers, { policy: policyOf({ accept, emit: [w3c], ...side }), trust })
}

/** What went on, with another traceparent. */
function overwritten(went: Went, trace = foreignTrace, flags = '00'): Headers {
  return [...sent(went)].map(([name, value]): [string, string] =>
    name === 'traceparent' ? [name, `00-${trace}-${foreignSpan}-${flags}`] : [name, value]
  )
}

t.test('behind a foreign hop the trace goes on where it was, and the foreign span is linked', async t => {
  const before = at({ stores: true }, caller)
  for (const trace of [foreignTrace, traceId]) {
    const { mediation } = at({ takes: true }, overwritten(before, trace))
    t.match(mediation, { restored: true, span: { traceId, parentId: before.attempts[0].span.spanId } })
    t.match(mediation.span, { sampling: 'keep', random: true }, 'with its own flags')
    t.strictSame(mediation.links, [
      { traceId: trace, spanId: foreignSpan, dialect: 'w3c', reason: 'restored' }
    ])
  }
})

t.test('where nothing is in between, nothing is restored and nothing is linked', async t => {
  const { mediation } = at({ takes: true }, [...sent(at({ stores: true }, caller))])
  t.match(mediation, { restored: false, span: { traceId }, links: [] })
})

t.test('a route that is not told to takes nothing', async t => {
  const { mediation } = at({}, overwritten(at({ stores: true }, caller)))
  t.match(mediation, { restored: false, span: { traceId: foreignTrace, parentId: foreignSpan }, links: [] })
})

t.test('from whom is not believed nothing is taken', async t => {
  const headers = overwritten(at({ stores: true }, caller))
  for (const trust of ['restart', 'ignore'] as const) {
    const went = at({ takes: true }, headers, trust)
    t.equal(went.mediation.restored, false)
    t.not(went.mediation.span.traceId, traceId)
    t.equal(sent(went).get('tracestate'), 'ot=th:0', 'its own alone')
  }
})

t.test('a gateway that joins the trace leaves nothing behind that is of an ancestor', async t => {
  const before = at({ stores: true }, caller)
  for (const takes of [true, false]) {
    t.equal(sent(at({ takes }, overwritten(before))).get('tracestate'), 'vendor=1', `takes: ${takes}`)
  }
})

t.test('between two foreign hops a gateway takes what was stored and stores its own', async t => {
  const between = at({ takes: true, stores: true }, overwritten(at({ stores: true }, caller)))
  t.match(storedIn(sent(between).get('tracestate') ?? ''), {
    traceId,
    spanId: between.attempts[0].span.spanId
  })
  t.match(at({ takes: true }, overwritten(between)).mediation.span, {
    traceId,
    parentId: between.attempts[0].span.spanId
  })
})

t.test('each attempt stores its own span', async t => {
  for (const { span, set } of at({ stores: true }, caller).attempts) {
    t.match(storedIn(set[set.indexOf('tracestate') + 1] ?? ''), { spanId: span.spanId })
  }
})

t.test('through transparent hops the service gets the very ids of the caller', async t => {
  const before = at({ spans: 'none', stores: true }, [['b3', `${traceId}-${spanId}-1`]])
  t.equal(before.attempts[0].span.spanId, spanId)
  const behind = at({ spans: 'none', takes: true }, overwritten(before))
  t.strictSame([...sent(behind)], [['traceparent', `00-${traceId}-${spanId}-01`]])
})

t.test('a transparent hop that leaves traceparent as it is leaves tracestate as it is', async t => {
  t.strictSame([...sent(at({ spans: 'none', stores: true }, caller))], [...new Map(caller)])
})

t.test('an open decision is stored as it is told', async t => {
  const went = at({ spans: 'none', stores: true }, [['b3', `${traceId}-${spanId}`]])
  t.equal(sent(went).get('traceparent'), `00-${traceId}-${spanId}-01`)
  t.match(storedIn(sent(went).get('tracestate') ?? ''), { sampling: 'keep' })
})

t.test('what a foreign dialect carries comes back together with the trace', async t => {
  const trace = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440007'
  const fields = ['web', 'web-1', '/p', 'gw:80'].map(encodeText).join('-')
  const before = at({ stores: true }, [['sw8', `1-${encodeText(trace)}-${encodeText('1.2.3')}-1-${fields}`]])
  t.match(memberOf(sent(before).get('tracestate') ?? '', 'tb'), /^f:s;t:.*;c:1[\w-]{11}$/)
  const behind = at({ takes: true, emit: [sw8] }, overwritten(before))
  t.ok(
    sent(behind)
      .get('sw8')
      ?.startsWith(`1-${encodeText(trace)}-`)
  )
  const lost = at({ emit: [sw8] }, overwritten(before, foreignTrace, '01'))
  t.notOk(
    sent(lost)
      .get('sw8')
      ?.startsWith(`1-${encodeText(trace)}-`),
    'and else it does not'
  )
})

t.test('a context that names the restored trace in another dialect is no conflict', async t => {
  const headers: Headers = [
    ...overwritten(at({ stores: true }, caller)),
    ['b3', `${traceId}-aaaaaaaaaaaaaaaa-1`]
  ]
  t.match(at({ takes: true }, headers).mediation.links, [{ reason: 'restored' }])
  t.equal(at({ takes: true }, headers).mediation.links.length, 1)
})
