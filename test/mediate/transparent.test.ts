import t from 'tap'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { w3c } from '../../src/dialects/w3c.ts'
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
