import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import type { TraceAnswer } from '../../src/mediate/answer.ts'
import type { Trust } from '../../src/mediate/policy.ts'
import { countAnswer, countArrival, isKnownToSend } from '../../src/report/breaks.ts'
import { emptyStretch } from '../../src/report/flow.ts'
import { policyOf } from '../mediate/policies.ts'
import type { Headers } from '../vectors/vectors.ts'
import { outcomeOf, routeOf, sampled, spanId } from './outcomes.ts'

const route = routeOf({ policy: policyOf({ accept: [w3c, b3] }) })

function arrived(headers: Headers, trust: Trust = 'continue') {
  const stretch = emptyStretch()
  const { mediation } = outcomeOf({ route }, { headers, trust })
  if (mediation !== undefined) countArrival(stretch, mediation)
  const { carried, absent, broken } = stretch
  return { carried, absent, broken: Object.fromEntries(broken) }
}

t.test('a whole trace of a believed caller is not broken, nor is a wish alone', async t => {
  t.same(arrived(sampled), { carried: 1, absent: 0, broken: {} })
  t.same(arrived([['b3', '0']]), { carried: 0, absent: 0, broken: {} })
})

t.test('what is broken says how', async t => {
  const garbled: Headers = [['b3', 'garbage']]
  const other: Headers = [['b3', `${'c'.repeat(32)}-${spanId}-1`]]
  t.same(arrived([]), { carried: 0, absent: 1, broken: {} }, 'broken only where a trace was to be expected')
  t.match(arrived(garbled), { carried: 0, absent: 0, broken: { [`malformed b3: ${reason(garbled)}`]: 1 } })
  t.match(arrived([...sampled, ...other]), { carried: 1, broken: { 'conflict: w3c and b3': 1 } })
  t.match(arrived(sampled, 'restart'), { carried: 1, broken: { restarted: 1 } })
  t.match(arrived(sampled, 'ignore'), { carried: 1, broken: { ignored: 1 } })
})

function reason(headers: Headers): string {
  return outcomeOf({ route }, { headers }).mediation?.arrival.malformed[0]?.reason ?? ''
}

t.test('an answer that names another trace, or none that can be read, is a break', async t => {
  const stretch = emptyStretch()
  for (const outcome of ['same', 'other', 'other', 'malformed'] satisfies TraceAnswer['outcome'][]) {
    countAnswer(stretch, { outcome, spanId: undefined })
  }
  countAnswer(stretch, undefined)
  t.same(
    [...stretch.broken],
    [
      ['answer: another trace', 2],
      ['answer: malformed', 1]
    ]
  )
})

t.test(
  'one program that sent a trace once is known to send one, a class by half of its requests',
  async t => {
    t.equal(isKnownToSend({ carried: 0, absent: 5 }, true), false)
    t.equal(isKnownToSend({ carried: 1, absent: 5 }, true), true)
    t.equal(isKnownToSend({ carried: 1, absent: 5 }, false), false)
    t.equal(isKnownToSend({ carried: 5, absent: 5 }, false), true)
  }
)
