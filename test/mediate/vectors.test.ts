import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { memberOf } from '../../src/trace/tracestate.ts'
import { expected, reasonOf, seen } from '../dialects/reading.ts'
import { type Reading, type Vector, vectors } from '../vectors/vectors.ts'
import { insistent, planOf, policyOf } from './policies.ts'
import { sent, through } from './through.ts'

for (const vector of vectors<Reading>('b3')) {
  t.test(`b3 and b3multi, mediated: ${vector.name}`, async t => {
    const policy = policyOf({ accept: [b3, b3multi], emit: [b3] })
    const went = through(vector.headers, { policy })
    const { arrival, span } = went.mediation
    const { kind, traceId: id, spanId: parent, sampled, extra } = vector.expect
    t.strictSame(seen(arrival.received), expected(vector))
    t.equal(reasonOf(arrival.received), extra['reason'])
    t.strictSame(arrival.conflicts, [])
    if (sampled !== 'defer') t.equal(span.sampling, sampled)
    t.equal(span.parentId, parent ?? undefined)
    if (kind === 'context') {
      t.equal(span.traceId, id)
      const digits = extra['traceIdBits'] === 64 ? 16 : 32
      t.ok(
        sent(went)
          .get('b3')
          ?.startsWith(`${id?.slice(-digits)}-`),
        'in the width it came in'
      )
    } else t.ok(span.traceId.startsWith('aa'), 'a trace of ours')
  })
}

type Probability = Vector<{ readonly sampled: boolean; readonly ot: string }> & {
  readonly input: { readonly mode: 'probability' | 'parent' | 'forced' | 'equalizing'; readonly p?: number }
}

const parents = { probability: 'ignore', parent: 'follow', forced: 'follow', equalizing: 'cap' } as const

for (const { name, headers, input, expect } of vectors<Probability>('otel-probability')) {
  t.test(`odds, mediated: ${name}`, async t => {
    const policy = policyOf({ accept: [input.mode === 'forced' ? insistent : w3c], emit: [w3c] })
    const plan = planOf(parents[input.mode], input.p ?? 1)
    const got = sent(through(headers, { policy, plan }))
    t.match(got.get('traceparent'), expect.sampled ? /-01$/ : /-00$/)
    t.equal(memberOf(got.get('tracestate') ?? '', 'ot') ?? '', expect.ot)
  })
}
