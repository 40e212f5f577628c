import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { b3multi } from '../../src/dialects/b3multi.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { type Attempt, attempt, isSampled, type Mediation, mediate } from '../../src/mediate/mediate.ts'
import type { Policy, SamplingPlan, Trust } from '../../src/mediate/policy.ts'
import { receive } from '../../src/mediate/receive.ts'
import { isZero, randomIds } from '../../src/trace/ids.ts'
import { readOt } from '../../src/trace/probability.ts'
import { memberOf } from '../../src/trace/tracestate.ts'
import { contexts, edits } from '../dialects/contexts.ts'
import { expected, reasonOf, seen } from '../dialects/reading.ts'
import { type Headers, pairsOf, type Reading, readerOf, type Vector, vectors } from '../vectors/vectors.ts'
import { all, countedIds, insistent, planOf, policyOf, root, unasked } from './policies.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const other = '80f198ee56343ba864fe8b2a57d3eff7'
const another = 'e457b5a2e4d86bd1'
const grandparent = '05e3ac9a4f6e3b90'
const keep: Headers = [['traceparent', `00-${traceId}-${spanId}-01`]]

type Asked = {
  readonly policy?: Policy
  readonly plan?: SamplingPlan
  readonly trust?: Trust
}

type Went = { readonly mediation: Mediation; readonly attempts: readonly [Attempt, Attempt] }

/** One request and two attempts to pass it on. */
function through(headers: Headers, asked: Asked = {}): Went {
  const { policy = policyOf(), plan = planOf(), trust = 'continue' } = asked
  const ids = countedIds()
  const mediation = mediate(readerOf(headers), policy, plan, trust, ids)
  const go = () => attempt(mediation, policy, plan, ids)
  return { mediation, attempts: [go(), go()] }
}

function sent(went: Went): ReadonlyMap<string, string> {
  return new Map(pairsOf(went.attempts[0].set))
}

t.test(
  'two attempts have two span ids and one parent, the server span, whose parent is the caller',
  async t => {
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
  }
)

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

t.test(
  'restart begins a new trace that links to the old one, and nothing the caller wished holds',
  async t => {
    const headers: Headers = [
      ['traceparent', `00-${traceId}-${spanId}-00`],
      ['tracestate', 'vendor=1'],
      ['b3', `${other}-${another}-d`],
      ['baggage', 'tenant=a']
    ]
    const went = through(headers, { trust: 'restart' })
    t.match(went.mediation, {
      why: 'ratio',
      baggage: '',
      span: { parentId: undefined, random: true, sampling: 'keep', tracestate: 'ot=th:0' },
      links: [{ traceId, spanId, dialect: 'w3c', reason: 'restarted' }]
    })
    t.equal(went.mediation.links.length, 1)
    for (const [name, value] of sent(went)) {
      for (const told of [traceId, spanId, other, another, 'vendor', 'tenant'])
        t.notOk(value.includes(told), name)
    }
  }
)

t.test('ignore looks away: a new trace and no link', async t => {
  const { mediation } = through([...keep, ['baggage', 'tenant=a']], { trust: 'ignore' })
  t.not(mediation.span.traceId, traceId)
  t.strictSame(mediation.links, [])
  t.equal(mediation.baggage, '')
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

const quiet = (emit: readonly Dialect[] = all) => policyOf({ spans: 'none', emit })

t.test('a transparent hop touches neither ids nor tracestate, and asks no sampler', async t => {
  const headers: Headers = [
    ['traceparent', `00-${traceId}-${spanId}-03`],
    ['tracestate', 'vendor=1,ot=th:d;rv:00000000000001']
  ]
  const went = through(headers, { policy: quiet([w3c]), plan: unasked })
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

t.test(
  'on a transparent hop defer stays defer where the wire carries it, and is decided where not',
  async t => {
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
  }
)

t.test(
  'a lone decision passes a transparent hop without ids of ours, where the wire has a form for it',
  async t => {
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
  }
)

t.test('a transparent hop believes no more than others do', async t => {
  const { mediation, attempts } = through(keep, { policy: quiet(), trust: 'restart' })
  t.not(mediation.span.traceId, traceId)
  t.strictSame(attempts[0].set, attempts[1].set)
  for (const [, value] of pairsOf(attempts[0].set)) t.notOk(value.includes(traceId))
})

t.test('baggage goes on by key, by size, for those believed, and only where it is emitted', async t => {
  const headers: Headers = [...keep, ['baggage', 'tenant=a;p=1, secret=b'], ['baggage', 'tier=gold']]
  const relayed = (baggage: Partial<Policy['baggage']>, trust: Trust = 'continue') => {
    const whole: Policy['baggage'] = { allow: 'all', emit: true, maxBytes: 8192, ...baggage }
    return sent(through(headers, { trust, policy: policyOf({ baggage: whole }) })).get('baggage')
  }
  t.equal(relayed({}), 'tenant=a;p=1,secret=b,tier=gold')
  t.equal(relayed({ allow: new Set(['tenant', 'tier']) }), 'tenant=a;p=1,tier=gold')
  t.equal(relayed({ maxBytes: 12 }), 'tenant=a;p=1')
  t.equal(relayed({ allow: new Set(['none']) }), undefined)
  t.equal(relayed({ emit: false }), undefined)
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

/** What callers may send: right, nearly right, and noise, in any number of dialects and lines. */
const noise = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }))
const wire = fc
  .tuple(fc.constantFrom(...all), contexts, edits, fc.boolean())
  .map(([dialect, context, edit, right]) => {
    const set: string[] = []
    dialect.inject(context, set)
    return pairsOf(set).map(([name, value]): [string, string] => [name, right ? value : edit(value)])
  })
const fields = [...all.flatMap(dialect => dialect.fields), 'baggage']
const garbage = fc
  .tuple(fc.constantFrom(...fields), noise)
  .map(([name, value]): [string, string][] => [[name, value]])
const lone = fc
  .constantFrom(
    ['b3', '0'],
    ['b3', 'd'],
    ['X-B3-Sampled', '1'],
    ['jaeger-debug-id', 'x'],
    ['baggage', 'a=b;c,d=e']
  )
  .map(([name = '', value = '']): [string, string][] => [[name, value]])
const requests = fc.array(fc.oneof(wire, wire, garbage, lone), { maxLength: 4 }).map(parts => parts.flat())

const askings = fc.record({
  accept: fc.shuffledSubarray([...all]),
  emit: fc.shuffledSubarray([...all]),
  spans: fc.constantFrom('report', 'none'),
  parent: fc.constantFrom('follow', 'cap', 'ignore'),
  rate: fc.constantFrom(0, 0.3, 1),
  trust: fc.constantFrom('continue', 'continue', 'continue', 'restart', 'ignore')
})

/** Strip, then set. */
function arrived(headers: Headers, policy: Policy, set: readonly string[]): Headers {
  return [...headers.filter(([name]) => !policy.strip.has(name.toLowerCase())), ...pairsOf(set)]
}

t.test('whatever comes: nothing is thrown, one context leaves, and it is of the trace that came', async t => {
  let continued = 0
  fc.assert(
    fc.property(requests, askings, (headers, { accept, emit, spans, parent, rate, trust }) => {
      const policy = policyOf({ accept, emit, spans })
      const plan = planOf(parent, rate)
      const mediation = mediate(readerOf(headers), policy, plan, trust, randomIds)
      const { span, set } = attempt(mediation, policy, plan, randomIds)
      const { received } = mediation.arrival

      assert.match(span.traceId, /^[0-9a-f]{32}$/)
      assert.match(span.spanId, /^[0-9a-f]{16}$/)
      assert(!isZero(span.traceId) && !isZero(span.spanId))
      if (mediation.reports) assert.notEqual(span.sampling, 'defer')
      if (received.kind === 'context' && trust === 'continue') {
        continued++
        assert.equal(span.traceId, received.context.traceId)
        const server = mediation.span
        if (spans === 'report') assert.equal(server.parentId, received.context.spanId)
        else assert.equal(span.spanId, received.context.spanId)
        // Randomness stays as long as the trace does.
        assert.equal(readOt(span.tracestate).rv, readOt(received.context.tracestate).rv)
      }

      assert.equal(set.length % 2, 0)
      for (const [name, value] of pairsOf(set)) {
        assert(policy.strip.has(name.toLowerCase()), `${name} is set and not stripped`)
        // Baggage is relayed as it came, and a tab is white space there.
        assert.match(value, name === 'baggage' ? /^[\x21-\x7e][\t\x20-\x7e]*$/ : /^[\x21-\x7e][\x20-\x7e]*$/)
        assert(!/[ \t]$/.test(value))
      }

      const after = receive(readerOf(arrived(headers, policy, set)), emit)
      assert.deepEqual(after.malformed, [])
      assert.deepEqual(after.conflicts, [])
      if (after.received.kind === 'context') {
        assert.equal(after.received.context.traceId, span.traceId)
        assert.equal(after.received.context.spanId, span.spanId)
      } else if (after.received.kind === 'decision') {
        assert(spans === 'none' && received.kind === 'decision' && trust === 'continue')
      } else assert.equal(emit.length, 0)
    }),
    { numRuns: 4000 }
  )
  t.ok(continued > 200, `${continued} of them were continued`)
})

t.test('every link names another trace, and no more than were received', async t => {
  fc.assert(
    fc.property(requests, fc.constantFrom('continue', 'restart', 'ignore'), (headers, trust) => {
      const { links, span, arrival } = mediate(readerOf(headers), policyOf(), planOf(), trust, randomIds)
      for (const link of links) assert.notEqual(link.traceId, span.traceId)
      const most = trust === 'continue' ? arrival.conflicts.length : trust === 'restart' ? 1 : 0
      assert(links.length <= most)
    }),
    { numRuns: 1000 }
  )
  t.pass('every request')
})

t.test('jaeger alone: flags that Jaeger’s own clients would misread are never sent', async t => {
  fc.assert(
    fc.property(requests, headers => {
      const policy = policyOf({ emit: [jaeger] })
      const mediation = mediate(readerOf(headers), policy, planOf(), 'continue', randomIds)
      const { set } = attempt(mediation, policy, planOf(), randomIds)
      assert.match(set[1] ?? '', /^(?:[0-9a-f]{16}|[0-9a-f]{32}):[0-9a-f]{16}:(?:0|[0-9a-f]{16}):[0139]$/)
    })
  )
  t.pass('every request')
})
