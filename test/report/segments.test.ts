import t from 'tap'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { spansOf } from '../../src/report/spans.ts'
import { carryKey, writeCarry } from '../../src/trace/carry.ts'
import { skywalkingSpanId, skywalkingTraceId } from '../../src/trace/identity.ts'
import { policyOf } from '../mediate/policies.ts'
import { sw8Field } from '../sw8-wire.ts'
import type { Headers } from '../vectors/vectors.ts'
import { outcomeOf, routeOf, sampled, spanId, target, traceId } from './outcomes.ts'

const swTrace = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880001'
const swSegment = '5f2b0a8f0d3c4a6e9b1c2d3e4f5a6b7c.85.16888888888880000'
const fromAgent: Headers = [[...sw8Field(swTrace, swSegment)]]

/** Spans of a request with one attempt, or as many as `tries` says, on a route that is told of segments. */
function spansFor(
  headers: Headers,
  {
    accept = [w3c, sw8],
    trust = 'continue',
    tries = [{}],
    takes = false
  }: {
    readonly accept?: readonly Dialect[]
    readonly trust?: 'continue' | 'restart'
    readonly tries?: readonly object[]
    readonly takes?: boolean
  } = {}
) {
  const policy = { ...policyOf({ accept, emit: [w3c], takes }), segments: true }
  return spansOf(outcomeOf({ route: routeOf({ policy }) }, { headers, trust, tries }))
}

t.test('without anybody who is told of segments there is none', async t => {
  const route = routeOf({ policy: policyOf({ accept: [w3c, sw8], emit: [w3c] }) })
  for (const span of spansOf(outcomeOf({ route }, { headers: fromAgent }))) t.equal(span.segment, undefined)
})

t.test(
  'the spans of a request share a segment, and their ids are what the Collector makes of it',
  async t => {
    const spans = spansFor(fromAgent, { tries: [{}, { target: { ...target, host: 'orders-2', port: 81 } }] })
    t.match(
      spans.map(({ segment }) => [segment?.index, segment?.peer]),
      [
        [0, ''],
        [1, 'orders:8080'],
        [2, 'orders-2:81']
      ]
    )
    const id = spans[0]?.segment?.id ?? ''
    t.match(id, /^[0-9a-f]{32}$/)
    for (const { spanId, segment } of spans) {
      t.equal(segment?.id, id)
      t.equal(segment?.endpoint, 'GET:/orders/{id}')
      t.equal(segment?.traceId, swTrace)
      t.equal(spanId, skywalkingSpanId(id, segment?.index ?? -1))
    }
  }
)

t.test('a caller that came by sw8 is referred to by the entry alone', async t => {
  const [entry, exit] = spansFor(fromAgent)
  t.strictSame(entry?.segment?.parent, {
    traceId: swTrace,
    segmentId: swSegment,
    index: 1,
    service: 'front',
    instance: 'front-1',
    endpoint: 'GET:/',
    peer: 'gateway:8080'
  })
  t.equal(exit?.segment?.parent, undefined)
})

t.test('a caller that sent the same span in W3C too is referred to all the same', async t => {
  const [trace, span] = [skywalkingTraceId(swTrace), skywalkingSpanId(swSegment, 1)]
  const [entry] = spansFor([['traceparent', `00-${trace}-${span}-01`], ...fromAgent])
  t.equal(entry?.parentId, span)
  t.equal(entry?.segment?.parent?.segmentId, swSegment)
})

t.test('whoever is not the parent is not referred to', async t => {
  const trace = skywalkingTraceId(swTrace)
  const carry = { family: 'sw8', trace: swTrace, segment: swSegment, index: 1, rpc: undefined } as const
  const member = `${carryKey}=${writeCarry(carry, trace, spanId)}`
  const carried: Headers = [
    ['traceparent', `00-${trace}-${spanId}-01`],
    ['tracestate', member]
  ]
  const [ancestor] = spansFor(carried)
  t.equal(ancestor?.segment?.traceId, swTrace, 'the trace is called as it was')
  t.equal(ancestor?.segment?.parent, undefined, 'but by another span')

  const [other] = spansFor([['traceparent', `00-${trace}-${spanId}-01`], ...fromAgent])
  t.equal(other?.segment?.parent, undefined, 'sw8 of the same trace, but left over from an earlier hop')

  const [modern] = spansFor(sampled)
  t.equal(modern?.segment?.traceId, traceId)
  t.equal(modern?.segment?.parent, undefined, 'W3C alone knows no segment')

  const [restarted] = spansFor(fromAgent, { trust: 'restart' })
  t.equal(restarted?.segment?.parent, undefined, 'a trace that begins here has no parent')
  t.not(restarted?.segment?.traceId, swTrace)
})

t.test('what is to be left out of statistics stays so', async t => {
  const [plain] = spansFor(fromAgent)
  t.equal(plain?.segment?.skipAnalysis, false)
  for (const { segment } of spansFor([...fromAgent, ['sw8-x', '1']])) t.equal(segment?.skipAnalysis, true)
})

t.test('a request that no route took is an entry by its method', async t => {
  const route = routeOf({ policy: { ...policyOf({ accept: [w3c, sw8], emit: [w3c] }), segments: true } })
  const [entry] = spansOf({ ...outcomeOf({ route }, { headers: fromAgent, tries: [] }), route: undefined })
  t.equal(entry?.segment?.endpoint, 'GET')
})
