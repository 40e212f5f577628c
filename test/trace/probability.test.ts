import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decide } from '../../src/mediate/decide.ts'
import { ratio } from '../../src/samplers/ratio.ts'
import { keeps, randomness, readOt, thresholdFor, writeOt } from '../../src/trace/probability.ts'
import { memberOf, parseTracestate } from '../../src/trace/tracestate.ts'
import { tracestates } from '../dialects/contexts.ts'
import { planOf } from '../mediate/policies.ts'
import { type Vector, vectors } from '../vectors/vectors.ts'

type Probability = Vector<{ readonly sampled: boolean; readonly ot: string }> & {
  readonly input: {
    readonly traceId: string
    readonly ot?: string
    readonly sampledIn?: boolean
    readonly mode: 'probability' | 'parent' | 'forced' | 'equalizing'
    readonly p?: number
  }
}

const parents = { probability: 'ignore', parent: 'follow', forced: 'follow', equalizing: 'cap' } as const

for (const { name, input, expect } of vectors<Probability>('otel-probability')) {
  t.test(name, async t => {
    const wish = input.mode === 'forced' ? 'debug' : input.sampledIn === true ? 'keep' : 'drop'
    const tracestate = input.ot === undefined ? '' : `ot=${input.ot}`
    const plan = planOf(parents[input.mode], input.p ?? 1)
    const decision = decide(wish, input.traceId, tracestate, plan)
    t.equal(decision.sampling !== 'drop', expect.sampled)
    t.equal(memberOf(decision.tracestate, 'ot') ?? '', expect.ot)
  })
}

function shareOf(threshold: string): number {
  return Number(2n ** 56n - BigInt(`0x${threshold.padEnd(14, '0')}`)) / 2 ** 56
}

t.test('a threshold is as near to its probability as its digits allow', async t => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -40, max: 1, noNaN: true }), p => {
      const threshold = thresholdFor(p)
      assert(threshold !== undefined && /^(?:0|[0-9a-f]{0,13}[1-9a-f])$/.test(threshold), threshold)
      assert(
        Math.abs(shareOf(threshold) - p) <= Math.max(p, 2 ** -4) * 2 ** -8,
        `${p} became ${shareOf(threshold)}`
      )
    }),
    { numRuns: 1000 }
  )
  t.pass('every probability')
})

t.test('a greater probability never keeps less', async t => {
  const p = fc.double({ min: 0, max: 1, noNaN: true })
  const random = fc.stringMatching(/^[0-9a-f]{14}$/)
  fc.assert(
    fc.property(p, p, random, (a, b, r) => {
      if (ratio(Math.min(a, b)).sample(r).keep) assert(ratio(Math.max(a, b)).sample(r).keep)
    }),
    { numRuns: 1000 }
  )
  t.pass('every pair')
})

t.test('the ends of the scale are nothing and everything, and hardly anything is neither', async t => {
  t.equal(thresholdFor(0), undefined)
  t.equal(thresholdFor(-1), undefined)
  t.equal(thresholdFor(Number.NaN), undefined)
  t.equal(thresholdFor(2 ** -57), undefined)
  t.equal(thresholdFor(2 ** -56), 'ffffffffffffff')
  t.equal(thresholdFor(2 ** -50), 'ffffffffffffc')
  t.equal(thresholdFor(1), '0')
  t.equal(thresholdFor(2), '0')
  for (let e = 1; e <= 56; e++) {
    const threshold = thresholdFor(2 ** -e) ?? '0'
    t.ok(shareOf(threshold) < 2 ** (1 - e) && shareOf(threshold) > 0, `2^-${e}: ${threshold}`)
  }
})

t.test('texts of different length compare as the numbers that they stand for', async t => {
  t.ok(keeps('c0000000000001', 'c0000000000001'), 'equal to the threshold is kept')
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{14}$/), fc.stringMatching(/^[0-9a-f]{1,14}$/), (r, th) => {
      assert.equal(keeps(r, th), BigInt(`0x${r}`) >= BigInt(`0x${th.padEnd(14, '0')}`))
    })
  )
  t.pass('every pair')
})

t.test('randomness is what the caller says it is, else the low 56 bits of the id', async t => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  t.equal(randomness(traceId, ''), 'ce929d0e0e4736')
  t.equal(randomness(traceId, 'a=1,ot=th:c;rv:00000000000001'), '00000000000001')
  t.equal(randomness(traceId, 'ot=rv:0000000000000G'), 'ce929d0e0e4736')
})

t.test('a threshold that changes nothing leaves the very text as it is', async t => {
  for (const tracestate of ['', 'a=1', 'a=1,ot=k:1;th:c;rv:00000000000001', 'ot=th:c0']) {
    t.equal(writeOt(tracestate, readOt(tracestate).th), tracestate)
  }
})

t.test('what others put beside the threshold stays, what is malformed goes', async t => {
  const rv = 'rv:00000000000001'
  t.equal(writeOt(`a=1,ot=k:1;${rv}`, 'c'), `ot=th:c;${rv};k:1,a=1`)
  t.equal(writeOt('a=1,ot=th:XX;rv:1;k:1', undefined), 'ot=k:1,a=1')
  t.equal(writeOt('a=1,ot=th:XX;rv:1', undefined), 'a=1')
  t.equal(writeOt('ot=th:c;th:d', 'c'), 'ot=th:c')
  t.equal(writeOt('ot=th;rv;;k:1', undefined), 'ot=k:1')
  t.equal(writeOt('ot=thx:1;xrv:2', undefined), 'ot=thx:1;xrv:2')
})

t.test('a member that is full keeps what it has and says nothing of the odds', async t => {
  const full = `k:${'x'.repeat(253)}`
  t.equal(writeOt(`ot=${full}`, 'c'), `ot=${full}`)
  t.equal(writeOt(`a=1,ot=${full.slice(0, -4)};th:c`, 'ffbe77'), `ot=${full.slice(0, -4)},a=1`)
})

t.test('any list stays a valid one', async t => {
  const part = fc.constantFrom(
    'th:c',
    'th:',
    'th',
    'rv:00000000000001',
    'rv:1',
    'k:1',
    'k: ',
    ' ',
    '',
    ';',
    ' th:c'
  )
  const value = fc
    .array(part, { minLength: 1, maxLength: 6 })
    .map(parts => parts.join(';'))
    .filter(text => /[^ ]$/.test(text))
  const threshold = fc.option(fc.constantFrom('c', '0', 'ffbe77'), { nil: undefined })
  fc.assert(
    fc.property(tracestates, value, threshold, (list, ot, th) => {
      const { list: tracestate } = parseTracestate(`ot=${ot},${list}`)
      const written = writeOt(tracestate, th)
      assert.deepEqual(parseTracestate(written), { list: written, discarded: undefined })
      assert.deepEqual(readOt(written), { th, rv: readOt(tracestate).rv })
    }),
    { numRuns: 500 }
  )
  t.pass('every list')
})
