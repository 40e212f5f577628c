// What passes a transparent hop as it came is the trace, and never a caller's baggage.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { BaggageDialect } from '../../src/baggage/baggage.ts'
import { baggageDialects } from '../../src/baggage/find.ts'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { eagleeye } from '../../src/dialects/eagleeye.ts'
import { dialects } from '../../src/dialects/find.ts'
import { sofa } from '../../src/dialects/sofa.ts'
import { sw8 } from '../../src/dialects/sw8.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import type { Policy } from '../../src/mediate/policy.ts'
import { encodeText } from '../../src/trace/base64.ts'
import { hop } from '../call.ts'
import { contexts } from '../dialects/contexts.ts'
import { type Headers, pairsOf } from '../vectors/vectors.ts'
import { policyOf, unasked } from './policies.ts'
import { sent, through } from './through.ts'

/** What nobody behind the gateway may learn. */
const hush = 'hush-hush'
const hidden = [hush, encodeText(hush), encodeURIComponent(hush)]

const carriers = [...baggageDialects.values()]

function quiet(
  names: readonly Dialect[],
  emit: readonly BaggageDialect[] = carriers,
  allow: Policy['baggage']['allow'] = new Set(['shown'])
): Policy {
  return policyOf({
    spans: 'none',
    accept: names,
    emit: names,
    baggage: { accept: carriers, emit, allow, maxBytes: 8192 }
  })
}

const inEagleEye: Headers = [
  ['EagleEye-TraceID', '0a6779301531312725190812023db2ab'],
  ['EagleEye-RpcID', '0.1'],
  ['EagleEye-UserData', `shown=1&secret=${hush}`]
]
const head = `tcid=0ad1348f1403169275002100356696&spid=0.1&pspid=0&sample=true&shown=1&secret=${hush}&`
const inHead: Headers = [['sftc_head', encodeURIComponent(head)]]
const correlation = `${encodeText('shown')}:${encodeText('1')},${encodeText('secret')}:${encodeText(hush)}`
const header = ['t', 's'].map(encodeText).join('-')
const names = ['web', 'web-1', '/p', 'gw:80'].map(encodeText).join('-')
const inSw8: Headers = [
  ['sw8', `1-${header}-3-${names}`],
  ['sw8-correlation', correlation]
]

t.test('members that rules do not allow do not pass beside the trace', async t => {
  for (const [headers, dialect] of [
    [inEagleEye, eagleeye],
    [inHead, sofa],
    [inSw8, sw8]
  ] as const) {
    const got = sent(through(headers, { policy: quiet([dialect]), plan: unasked }))
    for (const [name, value] of got) for (const text of hidden) t.notOk(value.includes(text), name)
    t.match(got.get('baggage'), 'shown=1', `${dialect.name}: what they allow does`)
    const silent = sent(through(headers, { policy: quiet([dialect], []), plan: unasked }))
    for (const name of ['EagleEye-UserData', 'sw8-correlation', 'sftc_head']) t.notOk(silent.has(name), name)
  }
})

t.test(
  'the trace itself passes byte for byte, and from where members are beside it in its own form',
  async t => {
    const got = sent(through(inEagleEye, { policy: quiet([eagleeye], []), plan: unasked }))
    t.strictSame([...got], inEagleEye.slice(0, 2))
    t.strictSame([...sent(through(inSw8, { policy: quiet([sw8], []), plan: unasked }))], inSw8.slice(0, 1))
    t.strictSame(Object.fromEntries(sent(through(inHead, { policy: quiet([sofa], []), plan: unasked }))), {
      'X-B3-TraceId': '0ad1348f1403169275002100356696',
      'X-B3-SpanId': '0.1',
      'X-B3-ParentSpanId': '0',
      'X-B3-Sampled': 'true'
    })
  }
)

t.test(
  'where the fields without members name no place, or another one, the context is written anew',
  async t => {
    for (const beside of [
      ['X-B3-Sampled', '0'],
      ['X-B3-TraceId', 'a'.repeat(32)]
    ] as const) {
      const policy = quiet([sofa], [])
      const got = Object.fromEntries(sent(through([...inHead, beside], { policy, plan: unasked })))
      t.match(got, {
        'X-B3-TraceId': '0ad1348f1403169275002100356696',
        'X-B3-SpanId': '0.1',
        'X-B3-Sampled': 'true'
      })
    }
  }
)

t.test('fields that are empty stay behind: some agents trace nothing then', async t => {
  const headers: Headers = [...inSw8.slice(0, 1), ['sw8-correlation', ''], ['sw8-x', '']]
  t.strictSame([...sent(through(headers, { policy: quiet([sw8]), plan: unasked }))], inSw8.slice(0, 1))
})

t.test('a trace that is not kept goes on in no header that says by being there that it is', async t => {
  const headers: Headers = [['sw8', `0-${header}-3-${names}`]]
  const went = through(headers, { policy: quiet([sw8, w3c]), plan: unasked })
  const got = sent(went)
  t.notOk(got.has('sw8'))
  t.match(got.get('traceparent'), /-00$/)
  t.equal(through(headers, { policy: quiet([sw8]), plan: unasked }).attempts[0].tells, false)
})

const written = [...dialects.values()]
const wires = fc.tuple(fc.constantFrom(...written), contexts).map(([dialect, context]): Headers => {
  const set: string[] = []
  dialect.inject({ ...context, sampling: 'keep' }, set, hop)
  return pairsOf(set)
})
const members = fc.subarray<readonly [string, string]>([
  ['baggage', `shown=1;p=2,secret=${hush}`],
  ['uberctx-secret', hush],
  ['ot-baggage-secret', hush],
  ['baggage-secret', hush],
  ['jaeger-baggage', `secret=${hush}`],
  ['sw8-correlation', correlation],
  ['EagleEye-UserData', `secret=${hush}`],
  ['sftc_head', encodeURIComponent(head)],
  ['EagleEye-TraceID', 'abc']
])

t.test(
  'whatever comes to a transparent hop: no name is sent twice, and no member that is not allowed',
  async t => {
    let passed = 0
    fc.assert(
      fc.property(
        fc.array(wires, { minLength: 1, maxLength: 2 }),
        members,
        fc.shuffledSubarray(written),
        fc.subarray(carriers),
        (said, beside, all, emit) => {
          // Both write the same fields, so rules cannot name both.
          const spoken = all.filter(({ name }) => name !== 'b3multi' || !all.includes(sofa))
          const policy = quiet(spoken, emit)
          const went = through([...said.flat(), ...beside], { policy })
          const set = pairsOf(went.attempts[0].set)
          if (went.mediation.untouched.fields.length > 0) passed++
          const sentNames = set.map(([name]) => name.toLowerCase())
          assert.equal(new Set(sentNames).size, sentNames.length, sentNames.join())
          for (const [name, value] of set)
            for (const text of hidden) assert(!value.includes(text), `${name}: ${value}`)
        }
      ),
      { numRuns: 1500 }
    )
    t.ok(passed > 100, `${passed} passed as they came`)
  }
)
