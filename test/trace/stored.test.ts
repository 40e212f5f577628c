import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { readCarry, writeCarry } from '../../src/trace/carry.ts'
import type { TraceContext } from '../../src/trace/context.ts'
import { canonicalTraceId } from '../../src/trace/identity.ts'
import { storedIn, withoutStored, withStored } from '../../src/trace/stored.ts'
import { memberOf, parseTracestate, withMember, withoutMember } from '../../src/trace/tracestate.ts'
import { contexts } from '../dialects/contexts.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const context: TraceContext = {
  traceId,
  spanId,
  parentId: undefined,
  sampling: 'keep',
  bits: 128,
  random: true,
  tracestate: '',
  residue: undefined
}
// What Java agents of SkyWalking make: the longest that is common.
const java = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440007'
const javaSegment = 'a12ff60b5807463899ea84ae4ba9cb3d.122.15600489440440006'

/** A list that carries an id of SkyWalking, beside a traceparent of that trace. */
function carrying(trace: string, segment: string | undefined) {
  const canonical = canonicalTraceId('sw8', trace)
  const index = segment === undefined ? undefined : 1
  const carry = { family: 'sw8', trace, segment, index, rpc: undefined } as const
  const value = writeCarry(carry, canonical, spanId) ?? ''
  return { value, list: `tb=${value}`, context: { ...context, traceId: canonical } }
}

t.test('a context is stored in one part: flags, and trace id and span id as base64url', async t => {
  const bytes = Buffer.from(traceId + spanId, 'hex').toString('base64url')
  t.equal(withStored('', context), `tb=c:3${bytes}`)
  t.equal(withStored('a=1,b=2', { ...context, sampling: 'drop', random: false }), `tb=c:0${bytes},a=1,b=2`)
  t.equal(withStored(`a=1,tb=c:0${bytes}`, context), `tb=c:3${bytes},a=1`, 'anew, in front')
})

t.test('what goes in comes out, and nothing else of the list is touched', async t => {
  fc.assert(
    fc.property(contexts, one => {
      const list = withStored(one.tracestate, one)
      const keep = one.sampling === 'keep' || one.sampling === 'debug'
      assert.deepEqual(storedIn(list), {
        traceId: one.traceId,
        spanId: one.spanId,
        random: one.random,
        sampling: keep ? 'keep' : 'drop'
      })
      assert.equal(parseTracestate(list).list, list)
      assert((memberOf(list, 'tb') ?? '').length + 3 <= 128)
      const others = withoutMember(list, 'tb')
      assert(withoutMember(one.tracestate, 'tb').startsWith(others) || list.length > 400)
      assert.equal(withoutStored(list), others)
    })
  )
  t.pass('every context')
})

t.test(
  'beside a foreign id that tells the trace, the span is enough, and all stays within 128 characters',
  async t => {
    const { value, list, context: own } = carrying(java, javaSegment)
    const stored = withStored(list, own)
    t.equal(stored, `${list};c:3${Buffer.from(spanId, 'hex').toString('base64url')}`)
    t.ok(stored.length <= 128, String(stored.length))
    t.match(storedIn(stored), { traceId: own.traceId, spanId })
    t.strictSame(
      readCarry(memberOf(stored, 'tb') ?? '', 'sw8', own.traceId, spanId),
      readCarry(value, 'sw8', own.traceId, spanId),
      'and the foreign id reads as before'
    )
    t.equal(withoutStored(stored), list)
  }
)

t.test('beside a foreign id of another trace, or one that is left out, the trace id is written', async t => {
  const { list } = carrying(java, undefined)
  const other = withStored(list, context)
  t.match(storedIn(other), { traceId, spanId })
  const same = carrying(traceId, 'a.1.2')
  t.notMatch(same.value, ';t:')
  t.match(storedIn(withStored(same.list, same.context)), { traceId, spanId })
})

t.test('what does not fit beside a foreign id is left out, and the id stays', async t => {
  const { list, context: own } = carrying('z'.repeat(110), 'y'.repeat(100))
  t.equal(withStored(list, own), list)
})

t.test('there is one form for each context, and no other is read', async t => {
  const bytes = Buffer.from(traceId + spanId, 'hex').toString('base64url')
  const short = Buffer.from(spanId, 'hex').toString('base64url')
  const { list, context: own } = carrying(java, undefined)
  const long = Buffer.from(own.traceId + spanId, 'hex').toString('base64url')
  const wrong = [
    `tb=c:4${bytes}`,
    `tb=c:${bytes}`,
    `tb=c:3${bytes}A`,
    `tb=c:3${bytes};c:3${bytes}`,
    `tb=c:3${'A'.repeat(32)}`,
    `tb=c:3${short}`,
    // The last two bits of eleven digits say nothing.
    `${list};c:3${short.slice(0, -1)}${short.endsWith('c') ? 'd' : 'f'}`,
    `${list};c:3${long}`,
    `${list};c:3${'A'.repeat(11)}`,
    `xtb=c:3${bytes}`,
    `tb=nonsense`,
    ''
  ]
  for (const one of wrong) t.equal(storedIn(one), undefined, one)
})

t.test('no value that anybody may have put there makes it throw', async t => {
  const parts = fc.stringMatching(/^[a-z]:[!-+\--9<>-~]{0,40}$/)
  const values = fc.oneof(
    fc.stringMatching(/^[!-+\--<>-~]{1,200}$/),
    fc.array(parts, { minLength: 1, maxLength: 6 }).map(list => list.join(';')),
    fc.stringMatching(/^f:[seo];t:[jruxa][A-Za-z0-9_-]{0,40};c:[0-3][A-Za-z0-9_-]{11}$/)
  )
  fc.assert(
    fc.property(values, value => {
      const list = withMember('a=1', 'tb', value)
      const stored = storedIn(list)
      if (stored !== undefined) assert.match(stored.traceId + stored.spanId, /^[0-9a-f]{48}$/)
      assert.equal(storedIn(withoutStored(list)), undefined)
      assert(parseTracestate(withStored(list, context)).discarded === undefined)
    })
  )
  t.pass('whatever the value')
})
