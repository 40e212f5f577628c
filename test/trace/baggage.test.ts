import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  decodedProperties,
  decodedValue,
  encodeMember,
  type Member,
  parseBaggage
} from '../../src/trace/baggage.ts'
import { effortOf } from '../effort.ts'
import { readerOf, type Vector, vectors } from '../vectors/vectors.ts'

type Property = { readonly key: string; readonly value?: string }
type Listing = Vector<{
  readonly kind: 'none' | 'baggage'
  readonly members: readonly (Property & { readonly properties?: readonly Property[] })[]
  readonly dropped: number
}>

function shown(member: Member): Listing['expect']['members'][number] {
  const properties = decodedProperties(member).map(({ key, value }) =>
    value === undefined ? { key } : { key, value }
  )
  const pair = { key: member.key, value: decodedValue(member) }
  return properties.length === 0 ? pair : { ...pair, properties }
}

for (const { name, headers, expect } of vectors<Listing>('baggage')) {
  t.test(name, async t => {
    const raw = readerOf(headers)('baggage')
    t.equal(raw === undefined, expect.kind === 'none')
    const { members, dropped } = parseBaggage(raw ?? '')
    t.strictSame(members.map(shown), expect.members)
    t.equal(dropped, expect.dropped)
  })
}

const key = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
const text = fc.string({ unit: 'binary', maxLength: 20 }).map(value => value.toWellFormed())
const property = fc.record({ key, value: fc.option(text, { nil: undefined }) }, { noNullPrototype: true })

t.test('any text comes back from the wire as it was', async t => {
  fc.assert(
    fc.property(key, text, fc.array(property, { maxLength: 3 }), (name, value, properties) => {
      const raw = encodeMember(name, value, properties) ?? ''
      assert.match(raw, /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/)
      const { members, dropped } = parseBaggage(raw)
      const [member] = members
      assert(member !== undefined && members.length === 1 && dropped === 0)
      assert.equal(member.raw, raw)
      assert.deepEqual(
        [member.key, decodedValue(member), decodedProperties(member)],
        [name, value, properties]
      )
    })
  )
  t.pass('every text')
})

t.test('a key that is no token cannot be sent', async t => {
  t.equal(encodeMember('a b', '1'), undefined)
  t.equal(encodeMember('', '1'), undefined)
  t.equal(encodeMember('a', '1', [{ key: 'é', value: undefined }]), undefined)
})

t.test('half a character is sent as a replacement, not thrown', async t => {
  t.equal(encodeMember('a', '\ud800'), 'a=%EF%BF%BD')
})

t.test('what is no UTF-8 or no escape is shown as well as it can be', async t => {
  const show = (raw: string) => parseBaggage(raw).members.map(decodedValue)[0]
  t.equal(show('a=%FF%41'), '\ufffdA')
  t.equal(show('a=100%'), '100%')
  t.equal(show('a=%zz%4'), '%zz%4')
  t.equal(show('a='), '')
})

/** What is kept of a list, as it came. */
function kept(raw: string, most?: number, maxBytes?: number) {
  const { members, dropped } = parseBaggage(raw, most, maxBytes)
  return { value: members.map(member => member.raw).join(','), dropped }
}

t.test('members are kept as they came', async t => {
  const raw = 'b = 2 ;p = x%20;q\t, a=%41,, B=1 ,a=2'
  t.strictSame(kept(raw), { value: 'b = 2 ;p = x%20;q,a=%41,B=1,a=2', dropped: 0 })
  t.strictSame(kept(' , '), { value: '', dropped: 0 })
})

t.test('only space and tab are white space', async t => {
  for (const bad of ['\u00a0a=1', 'a=1\u00a0', 'a=1\n', 'a=1;', 'a=1;p q', 'a="1"', 'a', '=1', 'a=1;=2']) {
    t.strictSame(kept(bad), { value: '', dropped: 1 }, JSON.stringify(bad))
  }
})

t.test('members that do not fit are dropped whole, later ones that do are kept', async t => {
  t.strictSame(kept('a=1,bbbb=2,c=3', 64, 7), { value: 'a=1,c=3', dropped: 1 })
  t.strictSame(kept('a=1,c=3', 64, 6), { value: 'a=1', dropped: 1 })
  t.strictSame(kept('a=1,b=2,c=3', 2), { value: 'a=1,b=2', dropped: 1 })
})

t.test('any bytes are read as a valid list within the limits, and every member is accounted for', async t => {
  const noise = fc.string({
    unit: fc.constantFrom(...'ab=;, \t"%4\\', '\0', 'é', '\u00a0'),
    maxLength: 200
  })
  fc.assert(
    fc.property(noise, fc.nat(60), (raw, maxBytes) => {
      const { value, dropped } = kept(raw, 64, maxBytes)
      assert(value.length <= maxBytes && /^[\t\x20-\x7e]*$/.test(value))
      assert.deepEqual(kept(value, 64, maxBytes), { value, dropped: 0 })
      const sent = raw.split(',').filter(member => /[^ \t]/.test(member)).length
      assert.equal(parseBaggage(raw, 64, maxBytes).members.length + dropped, sent)
    }),
    { numRuns: 500 }
  )
  t.pass('every text')
})

t.test('a list at both limits is kept whole', async t => {
  const members = Array.from({ length: 64 }, (_, i) => `k${String(i).padStart(2, '0')}=${'v'.repeat(123)}`)
  const raw = `${members.join(',')}v`
  t.equal(raw.length, 8192)
  t.strictSame(kept(raw), { value: raw, dropped: 0 })
})

t.test('a short list that could be taken apart in very many ways is read at once', async t => {
  const attack = `a=b${';k=  '.repeat(24)}"`
  const effort = effortOf(() => t.strictSame(parseBaggage(attack), { members: [], dropped: 1 }))
  t.ok(effort < 250)
})

t.test('blanks may stand around every sign', async t => {
  const raw = 'a \t= \tb ; \tk = v;l =;m\t;n= '
  const [member] = parseBaggage(raw).members
  t.match(member, { key: 'a', value: 'b' })
  t.strictSame(member === undefined ? [] : decodedProperties(member), [
    { key: 'k', value: 'v' },
    { key: 'l', value: '' },
    { key: 'm', value: undefined },
    { key: 'n', value: '' }
  ])
  t.match(parseBaggage('a= ;k').members, [{ key: 'a', value: '' }])
})
