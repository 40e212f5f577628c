import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  isMemberKey,
  memberOf,
  parseTracestate,
  withMember,
  withOnly,
  withoutMember
} from '../../src/trace/tracestate.ts'
import { tracestates } from '../dialects/contexts.ts'
import { readerOf, type Vector, vectors } from '../vectors/vectors.ts'

type Mutation = Vector<{ readonly tracestate: string }> & {
  readonly op: { readonly set: readonly [key: string, value: string | null] }
}

for (const { name, headers, op, expect } of vectors<Mutation>('tracestate-mutation')) {
  t.test(name, async t => {
    const { list } = parseTracestate(readerOf(headers)('tracestate') ?? '')
    const [key, value] = op.set
    t.equal(value === null ? withoutMember(list, key) : withMember(list, key, value), expect.tracestate)
  })
}

const noise = fc.string({ unit: fc.constantFrom(...'abc019=,= \t;@*/-_AZ~!', '\0', 'é'), maxLength: 60 })

t.test('what is read is canonical, and reading it again changes nothing', async t => {
  fc.assert(
    fc.property(fc.oneof(noise, tracestates), raw => {
      const { list, discarded } = parseTracestate(raw)
      if (discarded !== undefined) assert.equal(list, '')
      assert.deepEqual(parseTracestate(list), { list, discarded: undefined })
    }),
    { numRuns: 500 }
  )
  t.pass('every text')
})

t.test('a canonical list is handed on byte for byte', async t => {
  fc.assert(fc.property(tracestates, list => assert.equal(parseTracestate(list).list, list)))
  t.pass('every list')
})

t.test('only space and tab are white space, and only around a member', async t => {
  t.strictSame(parseTracestate(' a= x\t,\t,b=y '), { list: 'a= x,b=y', discarded: undefined })
  for (const bad of ['a=x\u00a0', '\u00a0a=x', 'a=x\ty', 'a =x', 'a=', '=x', 'a', 'a=x\n', 'é=x', 'a=é']) {
    t.equal(parseTracestate(`z=1,${bad}`).discarded, 'invalid-member', JSON.stringify(bad))
  }
})

t.test('keys and values are bounded', async t => {
  const key = 'k'.repeat(256)
  t.equal(parseTracestate(`${key}=${'v'.repeat(256)}`).discarded, undefined)
  t.equal(parseTracestate(`${key}k=v`).discarded, 'invalid-member')
  t.equal(parseTracestate(`k=${'v'.repeat(257)}`).discarded, 'invalid-member')
  t.equal(parseTracestate(`k=v${','.repeat(8189)}`).list, 'k=v')
  t.equal(parseTracestate(`k=v${','.repeat(8190)}`).discarded, 'too-long')
})

t.test('a member is found by its whole key, never by what other members hold', async t => {
  const list = 'foot=1,barfoo=2,foo=3 foot,x=foo'
  t.equal(memberOf(list, 'foo'), '3 foot')
  t.equal(memberOf(list, 'x'), 'foo')
  t.equal(memberOf(list, 'bar'), undefined)
  t.equal(memberOf(list, 'oo'), undefined)
  t.equal(memberOf('', 'foo'), undefined)
})

t.test('a member taken out leaves the others as they were', async t => {
  t.equal(withoutMember('a=1,b=2,c=3', 'a'), 'b=2,c=3')
  t.equal(withoutMember('a=1,b=2,c=3', 'b'), 'a=1,c=3')
  t.equal(withoutMember('a=1,b=2,c=3', 'c'), 'a=1,b=2')
  t.equal(withoutMember('a=1', 'a'), '')
})

t.test('members that may not pass are left out whole, by their whole keys', async t => {
  const list = 'a=b,ab=1,b=a,ot=th:8'
  t.equal(withOnly(list, new Set(['a', 'ot'])), 'a=b,ot=th:8')
  t.equal(withOnly(list, new Set(['ab', 'b', 'a', 'ot', 'c'])), list)
  t.equal(withOnly(list, new Set()), '')
  t.equal(withOnly('', new Set(['a'])), '')
  fc.assert(
    fc.property(tracestates, fc.uniqueArray(fc.constantFrom('tb', 'ot', 'a', 'b')), (all, keys) => {
      const some = withOnly(all, new Set(keys))
      assert.deepEqual(parseTracestate(some), { list: some, discarded: undefined })
      const kept = all.split(',').filter(member => keys.some(key => member.startsWith(`${key}=`)))
      assert.deepEqual(some, kept.join(','))
    })
  )
})

t.test('a key is what a member can be under', async t => {
  for (const key of ['a', '0a', 'tenant@vendor', 'a_-*/'])
    t.ok(isMemberKey(key) && parseTracestate(`${key}=1`).list !== '', key)
  for (const key of ['', 'A', '-a', 'a=b', 'a,b', 'a b', 'a'.repeat(257)]) t.notOk(isMemberKey(key), key)
})

t.test('a member put in is in front, once, in a list within both limits that keeps its order', async t => {
  fc.assert(
    fc.property(
      tracestates,
      fc.constantFrom('tb', 'ot', 'a'),
      fc.stringMatching(/^[a-z]{1,200}$/),
      (list, key, value) => {
        const changed = withMember(list, key, value)
        assert.deepEqual(parseTracestate(changed), { list: changed, discarded: undefined })
        assert(changed.startsWith(`${key}=${value}`))
        assert(changed.length <= 512 && changed.split(',').length <= 32)
        const others = withoutMember(list, key).split(',')
        const kept = changed.split(',').slice(1)
        assert.deepEqual(
          kept,
          others.filter(member => kept.includes(member))
        )
        if (`${key}=${value},${others.join(',')}`.length <= 512 && others.length < 32) {
          assert.equal(kept.join(','), others.join(','), 'nothing is dropped without need')
        }
      }
    )
  )
  t.pass('every list')
})

t.test('the 33rd member makes room', async t => {
  const list = Array.from({ length: 32 }, (_, i) => `k${i}=v`).join(',')
  t.equal(withMember(list, 'tb', '1'), `tb=1,${list.replace(',k31=v', '')}`)
})

t.test('too long a list with no long member loses its right end', async t => {
  const list = ['a', 'b', 'c', 'd', 'e'].map(key => `${key}=${key.repeat(100)}`).join(',')
  t.equal(withMember(list, 'tb', '1'), `tb=1,${list.slice(0, 4 * 103 - 1)}`)
})
