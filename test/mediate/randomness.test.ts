import t from 'tap'
import { eagleeye } from '../../src/dialects/eagleeye.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { isSampled } from '../../src/mediate/mediate.ts'
import { withRandomness } from '../../src/mediate/randomness.ts'
import { memberOf } from '../../src/trace/tracestate.ts'
import type { Headers } from '../vectors/vectors.ts'
import { planOf, policyOf } from './policies.ts'
import { through } from './through.ts'

/** As a gateway of Alibaba's numbers them: address, milliseconds, sequence, flag, process. */
function eagle(number: number): Headers {
  return [['EagleEye-TraceId', `0a677930${1531312725190 + number * 7}${1000 + (number % 9000)}e23db`]]
}

const policy = policyOf({ accept: [w3c, eagleeye], emit: [w3c] })

t.test('of undecided EagleEye traces the share is kept that the rate says', async t => {
  for (const rate of [0.1, 0.3, 0.7]) {
    const plan = planOf('follow', rate)
    const kept = Array.from({ length: 2000 }, (_, i) => through(eagle(i), { policy, plan })).filter(
      ({ mediation }) => isSampled(mediation.span)
    )
    t.ok(Math.abs(kept.length / 2000 - rate) < 0.05, `${kept.length} at ${rate}`)
  }
})

t.test('every replica draws the same, and tells the next', async t => {
  const plan = planOf('follow', 0.5)
  for (let i = 0; i < 50; i++) {
    const [a, b] = [through(eagle(i), { policy, plan }), through(eagle(i), { policy, plan })]
    t.equal(a.mediation.span.tracestate, b.mediation.span.tracestate)
    t.match(memberOf(a.mediation.span.tracestate, 'ot'), /^(?:th:8;)?rv:[0-9a-f]{14}$/)
  }
})

t.test('of EagleEye traces that are forced beyond the ceiling too', async t => {
  const plan = { ...planOf('follow', 0.3), force: () => false }
  const forced = (number: number): Headers => [...eagle(number), ['EagleEye-Sampled', 's1']]
  const went = Array.from({ length: 2000 }, (_, i) => through(forced(i), { policy, plan }).mediation)
  t.ok(went.every(({ why }) => why === 'limit'))
  const kept = went.filter(({ span }) => isSampled(span)).length
  t.ok(Math.abs(kept / 2000 - 0.3) < 0.05, `${kept}`)
})

const undecided = { sampling: 'defer', tracestate: '', residue: new Map([['eagleeye.trace', 'a']]) } as const

t.test('nothing is drawn twice, or for a decision that is made', async t => {
  t.match(withRandomness(undecided, planOf()), /^ot=rv:/)
  t.equal(withRandomness({ ...undecided, sampling: 'keep' }, planOf('follow')), '')
  t.match(withRandomness({ ...undecided, sampling: 'keep' }, planOf('cap')), /^ot=rv:/)
  t.equal(withRandomness({ ...undecided, tracestate: 'ot=th:8' }, planOf()), 'ot=th:8')
  t.equal(withRandomness({ ...undecided, residue: undefined }, planOf()), '')
  t.equal(withRandomness({ ...undecided, residue: new Map([['jaeger', 'firehose']]) }, planOf()), '')
})

t.test('an id that is random has no need of it', async t => {
  const random = '4bf92f3577b34da6a3ce929d0e0e4736'
  t.equal(withRandomness({ ...undecided, residue: new Map([['sw8.trace', random]]) }, planOf()), '')
  t.match(
    withRandomness(
      { ...undecided, residue: new Map([['sw8.trace', `${random}.1.15600489440440007`]]) },
      planOf()
    ),
    /^ot=rv:/
  )
})
