import t from 'tap'
import { isSampled } from '../../src/mediate/mediate.ts'
import type { Policy, SamplingPlan, Trust } from '../../src/mediate/policy.ts'
import { type Headers, pairsOf } from '../vectors/vectors.ts'
import { all, allBaggage, planOf, policyOf, root, unasked } from './policies.ts'
import { sent, through } from './through.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const other = '80f198ee56343ba864fe8b2a57d3eff7'
const another = 'e457b5a2e4d86bd1'
const keep: Headers = [['traceparent', `00-${traceId}-${spanId}-01`]]

t.test('two attempts have two span ids and one parent, the server span', async t => {
  const { mediation, attempts } = through(keep)
  const [first, second] = attempts
  t.match(mediation, { reports: true, span: { traceId, parentId: spanId } })
  t.equal(first.span.parentId, mediation.span.spanId)
  t.equal(second.span.parentId, mediation.span.spanId)
  t.equal(new Set([spanId, mediation.span.spanId, first.span.spanId, second.span.spanId]).size, 4)
  for (const { span, set } of attempts) {
    t.equal(span.traceId, traceId)
    const at = span.spanId
    t.strictSame(pairsOf(set), [
      ['traceparent', `00-${traceId}-${at}-01`],
      ['b3', `${traceId}-${at}-1-${mediation.span.spanId}`],
      ['X-B3-TraceId', traceId],
      ['X-B3-SpanId', at],
      ['X-B3-ParentSpanId', mediation.span.spanId],
      ['X-B3-Sampled', '1'],
      ['uber-trace-id', `${traceId}:${at}:${mediation.span.spanId}:1`]
    ])
  }
})

t.test('nothing received: a new trace with a random id, the gateway at its root', async t => {
  const { mediation } = through([])
  t.match(mediation, {
    why: 'ratio',
    span: { parentId: undefined, random: true, bits: 128, sampling: 'keep' }
  })
  t.strictSame(mediation.links, [])
})

t.test('the random flag is set on ids of ours alone, and passed on unchanged on those of others', async t => {
  const flags = (headers: Headers) => sent(through(headers)).get('traceparent')?.slice(-2)
  t.equal(flags([]), '03')
  t.equal(flags([['b3', '0']]), '02')
  t.equal(flags(keep), '01')
  t.equal(flags([['traceparent', `00-${traceId}-${spanId}-03`]]), '03')
  t.equal(flags([['traceparent', `00-${traceId}-${spanId}-02`]]), '02')
  t.equal(flags([['traceparent', `00-${traceId}-${spanId}-fd`]]), '01')
  t.equal(flags([['b3', `${traceId}-${spanId}-1`]]), '01')
})

t.test('a lone decision begins a new trace, which obeys it', async t => {
  for (const [value, sampling] of [
    ['0', 'drop'],
    ['1', 'keep'],
    ['d', 'debug']
  ] as const) {
    const { mediation } = through([['b3', value]], { plan: unasked })
    t.match(mediation, {
      arrival: { received: { kind: 'decision' } },
      span: { sampling, parentId: undefined }
    })
  }
})

t.test('a trace without a parent goes on, with the gateway at its root', async t => {
  const { mediation } = through([['x-root', traceId]], { policy: policyOf({ accept: [root] }) })
  t.match(mediation, { span: { traceId, parentId: undefined, random: false }, why: 'ratio' })
})

t.test('contexts that disagree are linked; one that names no span cannot be', async t => {
  const headers: Headers = [...keep, ['b3', `${other}-${another}-1`], ['x-root', 'c'.repeat(32)]]
  const { mediation } = through(headers, { policy: policyOf({ accept: [...all, root] }) })
  t.equal(mediation.arrival.conflicts.length, 2)
  t.strictSame(mediation.links, [{ traceId: other, spanId: another, dialect: 'b3', reason: 'conflict' }])
})

t.test('restart begins a new trace that links to the old one, and keeps nothing else of it', async t => {
  const headers: Headers = [
    ['traceparent', `00-${traceId}-${spanId}-00`],
    ['tracestate', 'vendor=1'],
    ['b3', `${other}-${another}-d`],
    ['baggage', 'tenant=a']
  ]
  const went = through(headers, { trust: 'restart' })
  t.match(went.mediation, {
    why: 'ratio',
    baggage: [],
    span: { parentId: undefined, random: true, sampling: 'keep', tracestate: 'ot=th:0' }
  })
  t.strictSame(went.mediation.links, [
    { traceId, spanId, dialect: 'w3c', reason: 'restarted' },
    { traceId: other, spanId: another, dialect: 'b3', reason: 'conflict' }
  ])
  for (const [name, value] of sent(went)) {
    for (const told of [traceId, spanId, other, another, 'vendor', 'tenant'])
      t.notOk(value.includes(told), name)
  }
})

t.test('ignore looks away: a new trace and no link', async t => {
  const { mediation } = through([...keep, ['baggage', 'tenant=a']], { trust: 'ignore' })
  t.not(mediation.span.traceId, traceId)
  t.strictSame(mediation.links, [])
  t.strictSame(mediation.baggage, [])
})

t.test('a debug wish of a caller that is not believed is worth nothing', async t => {
  for (const trust of ['restart', 'ignore'] as const) {
    for (const headers of [[['b3', 'd']], [['jaeger-debug-id', 'mine']], [['x-b3-flags', '1']]] as const) {
      const went = through(headers, { trust, plan: planOf('follow', 0) })
      t.equal(went.mediation.span.sampling, 'drop')
      t.notOk(sent(went).has('jaeger-debug-id'))
    }
  }
})

t.test('a parent’s wish is followed, capped or ignored', async t => {
  const sampled = (parent: 'follow' | 'cap' | 'ignore', flags: string) => {
    const plan = planOf(parent, flags === '01' ? 0 : 1)
    return isSampled(through([['traceparent', `00-${traceId}-${spanId}-${flags}`]], { plan }).mediation.span)
  }
  t.equal(sampled('follow', '01'), true)
  t.equal(sampled('cap', '01'), false)
  t.equal(sampled('ignore', '01'), false)
  t.equal(sampled('follow', '00'), false)
  t.equal(sampled('cap', '00'), false)
  t.equal(sampled('ignore', '00'), true)
})

t.test('debug stays debug to b3 and jaeger, from whichever of them it came', async t => {
  const id = `${traceId}-${spanId}`
  const wishes: readonly Headers[] = [
    [['b3', `${id}-d`]],
    [
      ['x-b3-traceid', traceId],
      ['x-b3-spanid', spanId],
      ['x-b3-flags', '1']
    ],
    [['uber-trace-id', `${traceId}:${spanId}:0:3`]]
  ]
  for (const headers of wishes) {
    const got = sent(through(headers, { plan: unasked }))
    t.match(got.get('b3'), /^[^-]+-[^-]+-d-/)
    t.equal(got.get('X-B3-Flags'), '1')
    t.notOk(got.has('X-B3-Sampled'))
    t.match(got.get('uber-trace-id'), /:3$/)
    t.match(got.get('traceparent'), /-01$/)
  }
})

t.test('jaeger-debug-id begins a debug trace and goes on with it', async t => {
  const got = sent(through([['jaeger-debug-id', 'mine']], { plan: unasked }))
  t.match(got.get('uber-trace-id'), /:3$/)
  t.equal(got.get('jaeger-debug-id'), 'mine')
})

t.test('64-bit ids keep their width where the wire knows two', async t => {
  const got = sent(through([['b3', `a3ce929d0e0e4736-${spanId}-1`]]))
  t.match(got.get('b3'), /^a3ce929d0e0e4736-/)
  t.equal(got.get('X-B3-TraceId'), 'a3ce929d0e0e4736')
  t.match(got.get('uber-trace-id'), /^a3ce929d0e0e4736:/)
  t.match(got.get('traceparent'), /^00-0000000000000000a3ce929d0e0e4736-.*-01$/)
})

t.test('an open decision on a 64-bit id is taken here, and no odds are written for it', async t => {
  const got = sent(through([['b3', `a3ce929d0e0e4736-${spanId}`]], { plan: planOf('follow', 0.5) }))
  t.match(got.get('traceparent'), /-01$/)
  t.notOk(got.has('tracestate'))
})

t.test('baggage goes on by key, by size, for those believed, and only where it is emitted', async t => {
  const headers: Headers = [...keep, ['baggage', 'tenant=a;p=1, secret=b'], ['baggage', 'tier=gold']]
  const relayed = (baggage: Partial<Policy['baggage']>, trust: Trust = 'continue') => {
    const policy = policyOf({ baggage: { ...allBaggage, ...baggage } })
    return sent(through(headers, { trust, policy })).get('baggage')
  }
  t.equal(relayed({}), 'tenant=a;p=1,secret=b,tier=gold')
  t.equal(relayed({ allow: new Set(['tenant', 'tier']) }), 'tenant=a;p=1,tier=gold')
  t.equal(relayed({ maxBytes: 12 }), 'tenant=a;p=1')
  t.equal(relayed({ allow: new Set(['none']) }), undefined)
  t.equal(relayed({ emit: [] }), undefined)
  t.equal(relayed({ accept: [] }), undefined)
  t.equal(relayed({}, 'restart'), undefined)
  t.equal(relayed({}, 'ignore'), undefined)
})

t.test('odds are written in tracestate, in front of what others put there', async t => {
  const headers: Headers = [...keep, ['tracestate', 'vendor=1,ot=th:c;rv:ffffffffffffff']]
  const state = (plan: SamplingPlan) => sent(through(headers, { plan })).get('tracestate')
  t.equal(state(planOf('follow', 0.1)), 'vendor=1,ot=th:c;rv:ffffffffffffff')
  t.equal(state(planOf('ignore', 0.1)), 'ot=th:e666;rv:ffffffffffffff,vendor=1')
  t.equal(state(planOf('ignore', 0)), 'ot=rv:ffffffffffffff,vendor=1')
})
