import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { createPropagation } from '../../src/report/propagation.ts'
import { policyOf } from '../mediate/policies.ts'
import type { Headers } from '../vectors/vectors.ts'
import { outcomeOf, routeOf, sampled, spanId, start, traceId, untraced } from './outcomes.ts'

const route = routeOf({ policy: policyOf({ accept: [w3c, b3, jaeger] }) })
const inB3: Headers = [['b3', `${traceId}-${spanId}-1`]]
const otherB3: Headers = [['b3', `${'c'.repeat(32)}-${spanId}-1`]]

t.test('a dialect that arrives alone is needed, one beside another of the same trace is not', async t => {
  const propagation = createPropagation(() => start)
  propagation.request(outcomeOf({ route }))
  propagation.request(outcomeOf({ route }, { headers: inB3 }))
  propagation.request(outcomeOf({ route, end: start + 90 }, { headers: [...sampled, ...inB3] }))
  const [tally] = propagation.routes()
  t.match(tally, { route: route.name, requests: 3, last: start + 90 })
  t.match(tally?.dialects.get('w3c'), { arrived: 2, alone: 1, needed: 1, last: start + 90 })
  t.match(tally?.dialects.get('b3'), { arrived: 2, alone: 1, needed: 1, lastNeeded: start + 12.5 })
  t.same(
    propagation.clients().map(row => [row.dialects, row.requests, [...row.needed]]),
    [
      ['w3c', 1, [['w3c', 1]]],
      ['b3', 1, [['b3', 1]]],
      ['w3c+b3', 1, []]
    ]
  )
})

t.test('one that contradicts, is garbled or only decides does not stand in', async t => {
  for (const beside of [otherB3, [['b3', '0']], [['b3', 'garbage']]] satisfies Headers[]) {
    const propagation = createPropagation(() => start)
    propagation.request(outcomeOf({ route }, { headers: [...sampled, ...beside] }))
    t.equal(propagation.routes()[0]?.dialects.get('w3c')?.needed, 1, JSON.stringify(beside))
  }
})

t.test('what is malformed is counted with its reason, by route and by client', async t => {
  const propagation = createPropagation(() => start)
  propagation.request(outcomeOf({ route }, { headers: [['traceparent', 'garbage'], ...inB3] }))
  t.same(propagation.routes()[0]?.dialects.get('w3c')?.malformed, new Map([['bad-version', 1]]))
  t.match(propagation.clients(), [{ dialects: 'b3', malformed: new Map([['w3c: bad-version', 1]]) }])
  propagation.request(outcomeOf({ route }, { headers: [['traceparent', 'garbage']] }))
  t.match(propagation.clients()[1], { dialects: 'none', requests: 1, needed: new Map() })
})

t.test(
  'of a caller that restarts a context is needed apart, for it is linked; a wish of its is not',
  async t => {
    const propagation = createPropagation(() => start)
    propagation.request(outcomeOf({ route }, { trust: 'restart' }))
    propagation.request(outcomeOf({ route }, { trust: 'restart', headers: [['b3', '0']] }))
    const [tally] = propagation.routes()
    t.match(tally?.dialects.get('w3c'), { arrived: 1, needed: 0, lastNeeded: undefined })
    t.match(tally?.dialects.get('w3c'), { neededOutside: 1, lastNeededOutside: start + 12.5 })
    t.match(tally?.dialects.get('b3'), { arrived: 1, needed: 0, neededOutside: 0 })
    t.match(propagation.clients(), [{ from: 'outside', needed: new Map([['w3c', 1]]) }, {}])
  }
)

t.test('a dialect that names another trace than the one followed has lost', async t => {
  const propagation = createPropagation(() => start)
  propagation.request(outcomeOf({ route, end: start + 7 }, { headers: [...sampled, ...otherB3] }))
  propagation.request(outcomeOf({ route }, { headers: [...sampled, ...inB3] }))
  propagation.request(outcomeOf({ route }, { headers: [...sampled, ...otherB3], trust: 'restart' }))
  const [tally] = propagation.routes()
  t.match(tally?.dialects.get('b3'), { arrived: 3, lost: 1, lastLost: start + 7 })
  t.match(tally?.dialects.get('w3c'), { arrived: 3, lost: 0, lastLost: undefined })
})

t.test('a caller that is ignored needs nothing, and a preflight is in no trace', async t => {
  const propagation = createPropagation(() => start)
  propagation.request(outcomeOf({ route }, { trust: 'ignore' }))
  propagation.request(untraced())
  t.match(propagation.routes(), [{ requests: 1 }])
  t.match(propagation.routes()[0]?.dialects.get('w3c'), { arrived: 1, needed: 0 })
  t.match(propagation.clients(), [{ from: 'outside' }])
})

t.test('strangers who invent names fill up their own rows, and what is beyond is still counted', async t => {
  const propagation = createPropagation(() => start)
  for (let i = 0; i < 700; i++) {
    propagation.request(outcomeOf({ route, userAgent: `bot${i}/1` }, { trust: 'restart' }))
  }
  propagation.request(outcomeOf({ route, userAgent: 'okhttp/4' }))
  const rows = propagation.clients()
  t.equal(rows.length, 502)
  t.equal(
    rows.reduce((sum, { requests }) => sum + requests, 0),
    701
  )
  t.match(
    rows.find(({ agent }) => agent === 'other'),
    { requests: 200, from: 'outside', route: 'other', dialects: 'other' }
  )
  t.match(
    rows.find(({ agent }) => agent === 'okhttp'),
    { requests: 1, from: '10.0.0.0/24', dialects: 'w3c' }
  )
})

t.test('metrics say the same', async t => {
  const propagation = createPropagation(() => start)
  propagation.request(outcomeOf({ route }, { headers: inB3 }))
  const samples = new Map(propagation.families.map(family => [family.name, family.samples()]))
  t.same(samples.get('tracebridge_propagation'), [
    {
      suffix: '_total',
      labels: [
        ['route', route.name],
        ['agent', 'none'],
        ['from', '10.0.0.0/24'],
        ['dialects', 'b3']
      ],
      value: 1
    }
  ])
  t.match(samples.get('tracebridge_dialect_needed'), [{ value: 1 }])
  t.match(samples.get('tracebridge_dialect_last_needed_timestamp_seconds'), [
    { value: (start + 12.5) / 1000 }
  ])
})
