import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { xray } from '../../src/dialects/xray.ts'
import { isSampled } from '../../src/mediate/mediate.ts'
import { type Headers, pairsOf } from '../vectors/vectors.ts'
import { all, planOf, policyOf, unasked } from './policies.ts'
import { sent, through } from './through.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const grandparent = '05e3ac9a4f6e3b90'
const keep: Headers = [['traceparent', `00-${traceId}-${spanId}-01`]]

const quiet = (emit: readonly Dialect[] = all) => policyOf({ spans: 'none', emit })

t.test('a transparent hop touches neither ids nor tracestate, and asks no sampler', async t => {
  const headers: Headers = [
    ['traceparent', `00-${traceId}-${spanId}-03`],
    ['tracestate', 'vendor=1,ot=th:d;rv:00000000000001']
  ]
  const went = through(headers, { policy: quiet([w3c]), plan: { ...unasked, parent: 'ignore' } })
  t.match(went.mediation, { reports: false, why: 'transparent' })
  for (const { set } of went.attempts) t.strictSame(pairsOf(set), headers)
})

t.test('a transparent hop changes the dialect alone: ids, parent, width and wish stay', async t => {
  const multi: Headers = [
    ['X-B3-TraceId', 'a3ce929d0e0e4736'],
    ['X-B3-SpanId', spanId],
    ['X-B3-ParentSpanId', grandparent],
    ['X-B3-Flags', '1']
  ]
  const got = sent(through(multi, { policy: quiet(), plan: unasked }))
  t.strictSame(Object.fromEntries(got), {
    traceparent: `00-0000000000000000a3ce929d0e0e4736-${spanId}-01`,
    b3: `a3ce929d0e0e4736-${spanId}-d-${grandparent}`,
    ...Object.fromEntries(multi),
    'uber-trace-id': `a3ce929d0e0e4736:${spanId}:${grandparent}:3`
  })
})

t.test('on a transparent hop defer stays defer, and is decided for wires without it', async t => {
  for (const [rate, flag, digit] of [
    [1, '01', '1'],
    [0, '00', '0']
  ] as const) {
    const plan = planOf('follow', rate)
    const went = through([['b3', `${traceId}-${spanId}`]], { policy: quiet(), plan })
    const got = sent(went)
    t.equal(got.get('b3'), `${traceId}-${spanId}`)
    t.equal(got.get('X-B3-TraceId'), traceId)
    t.notOk(got.has('X-B3-Sampled'))
    t.equal(got.get('traceparent'), `00-${traceId}-${spanId}-${flag}`)
    t.equal(got.get('uber-trace-id'), `${traceId}:${spanId}:0:${digit}`)
    t.equal(went.mediation.span.sampling, 'defer')
    t.equal(isSampled(went.mediation.span), false)
  }
})

t.test('a lone decision passes a transparent hop without ids where the wire has a form for it', async t => {
  for (const [value, name, multi, flag] of [
    ['0', 'X-B3-Sampled', '0', '02'],
    ['1', 'X-B3-Sampled', '1', '03'],
    ['d', 'X-B3-Flags', '1', '03']
  ] as const) {
    const got = sent(through([['b3', value]], { policy: quiet(), plan: unasked }))
    t.equal(got.get('b3'), value)
    t.equal(got.get(name), multi)
    t.notOk(got.has('X-B3-TraceId'))
    t.match(got.get('traceparent'), new RegExp(`-${flag}$`))
  }
})

t.test('a transparent hop believes no more than others do', async t => {
  const { mediation, attempts } = through(keep, { policy: quiet(), trust: 'restart' })
  t.not(mediation.span.traceId, traceId)
  t.strictSame(attempts[0].set, attempts[1].set)
  for (const [, value] of pairsOf(attempts[0].set)) t.notOk(value.includes(traceId))
})

t.test('all wires without defer hear one decision, whatever a sampler would say the next time', async t => {
  let asked = 0
  const sample = () => ({ keep: asked++ % 2 === 0, threshold: undefined })
  const plan = { ...planOf(), sampler: { name: 'fickle', rate: () => 0.5, sample, peek: sample } }
  const open: Headers = [['b3', `${traceId}-${spanId}`]]
  const got = new Map(sent(through(open, { policy: quiet(), plan })))
  t.equal(got.get('traceparent'), `00-${traceId}-${spanId}-01`)
  t.match(got.get('uber-trace-id'), /:1$/)
  t.equal(got.get('b3'), `${traceId}-${spanId}`)
})

const second = '80f198ee56343ba864fe8b2a57d3eff7'
const ofSw8 = 'MS4yLjM='
const inSw8 = `1-My40LjU=-${ofSw8}-4-c2VydmljZQ==-aW5zdGFuY2U=-L2FwcA==-MTI3LjAuMC4xOjgwODA=`

t.test('of a caller with two agents both traces pass a transparent hop, each in its own dialect', async t => {
  const policy = policyOf({ spans: 'none', accept: [w3c, sw8], emit: [w3c, sw8, b3] })
  const headers: Headers = [...keep, ['tracestate', 'vendor=1'], ['sw8', inSw8]]
  const went = through([...headers, ['sw8-correlation', 'a2V5:dmFsdWU=']], { policy })
  t.match(went.mediation.arrival.conflicts, [{ dialect: 'sw8' }])
  t.strictSame(
    pairsOf(went.attempts[0].set)
      .filter(([name]) => !/b3|baggage/.test(name))
      .sort(),
    [...headers].sort()
  )
  t.equal(sent(went).get('b3'), `${traceId}-${spanId}-1`)
  t.equal(went.attempts[0].tells, true)
})

t.test('a hop that is in the trace names one trace in all dialects', async t => {
  const policy = policyOf({ accept: [w3c, b3], emit: [w3c, b3] })
  const got = sent(through([...keep, ['b3', `${second}-${spanId}-1`]], { policy }))
  t.match(got.get('b3'), traceId)
})

t.test('an upstream that reads one dialect alone is told of the trace that rules chose', async t => {
  const headers: Headers = [...keep, ['b3', `${second}-${spanId}-1`]]
  const alone = sent(through(headers, { policy: policyOf({ spans: 'none', accept: [w3c, b3], emit: [b3] }) }))
  t.equal(alone.get('b3'), `${traceId}-${spanId}-1`)
  const multi: Headers = [
    ['X-B3-TraceId', traceId],
    ['X-B3-SpanId', spanId],
    ['b3', `${second}-${spanId}-1`]
  ]
  const both = policyOf({ spans: 'none', accept: [b3multi, b3], emit: [b3multi, b3] })
  t.match(sent(through(multi, { policy: both })).get('b3'), traceId, 'b3 would be read in place of X-B3-*')
})

t.test('another trace whose header has to change keeps its ids', async t => {
  const differing = { spans: 'none', accept: [b3, w3c], emit: [b3, w3c] } as const
  const headers: Headers = [
    ['b3', `${second}-${spanId}-1`],
    ['traceparent', `00-${traceId}-${spanId}-03`],
    ['tracestate', 'vendor=1,ot=th:8']
  ]
  const masked = sent(through(headers, { policy: policyOf({ ...differing, randomFlag: 'mask' }) }))
  t.equal(masked.get('traceparent'), `00-${traceId}-${spanId}-01`)
  t.equal(masked.get('b3'), `${second}-${spanId}-1`)
  const fewer = sent(through(headers, { policy: policyOf({ ...differing, tracestate: new Set(['ot']) }) }))
  t.equal(fewer.get('tracestate'), 'ot=th:8')
  t.match(fewer.get('traceparent'), `00-${traceId}-${spanId}-`)
})

t.test('a Root alone passes a transparent hop as it came: no parent is made up', async t => {
  const lone: Headers = [['X-Amzn-Trace-Id', `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)}`]]
  const policy = policyOf({ spans: 'none', accept: [xray], emit: [xray, w3c] })
  const got = sent(through(lone, { policy }))
  t.equal(got.get('X-Amzn-Trace-Id'), lone[0]?.[1])
  t.match(
    got.get('traceparent'),
    new RegExp(`^00-${traceId}-`),
    'where a span must be named, the trace is the same'
  )
  const strangers = sent(through(lone, { policy, trust: 'restart' }))
  t.notMatch(strangers.get('X-Amzn-Trace-Id'), traceId.slice(8))
  t.match(
    sent(through(lone, { policy: { ...policy, spans: 'report' } })).get('X-Amzn-Trace-Id'),
    /;Parent=bb/
  )
})
