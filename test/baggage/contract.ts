// What every baggage dialect owes, whatever it looks like: run by each dialect's own test.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Test } from 'tap'
import { type BaggageDialect, folded, type Member } from '../../src/baggage/baggage.ts'
import { eachOf, type Headers, pairsOf, readerOf } from '../vectors/vectors.ts'

/** A member that came by no dialect that there is, and so is encoded. */
export function member(key: string, value: string): Member {
  return { key, value, dialect: 'none', raw: undefined }
}

export function read(dialect: BaggageDialect, headers: Headers): readonly Member[] {
  return dialect.extract(readerOf(headers), eachOf(headers))
}

/** What a dialect says of what it left out. */
export function garbledIn(dialect: BaggageDialect, headers: Headers): readonly string[] {
  const garbled: string[] = []
  dialect.extract(readerOf(headers), eachOf(headers), garbled)
  return garbled
}

/** What a dialect reads, as keys and values. */
export function pairsRead(dialect: BaggageDialect, headers: Headers): [string, string][] {
  return read(dialect, headers).map(({ key, value }) => [key, value])
}

export function write(
  dialect: BaggageDialect,
  members: readonly Member[],
  maxBytes = 8192
): [name: string, value: string][] {
  const set: string[] = []
  dialect.inject(members, set, maxBytes)
  return pairsOf(set)
}

const key = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,10}$/)
const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(...'ab=;,:& \t"%4+\\', '\x12', '\x14', 'é', '\0'), maxLength: 100 }),
  fc.constantFrom(
    '__proto__=1',
    'constructor',
    '\r\nx: y',
    ','.repeat(20_000),
    '%41'.repeat(9000),
    '&'.repeat(9000)
  )
)

function own(dialect: BaggageDialect, name: string): boolean {
  return dialect.fields.includes(name) || dialect.prefixes.some(prefix => name.startsWith(prefix))
}

/** Complains of what an HTTP client would refuse to send, or what nobody would strip. */
function sendable(dialect: BaggageDialect, set: readonly (readonly [string, string])[]): void {
  const seen = new Set<string>()
  for (const [name, text] of set) {
    assert(own(dialect, name), `${name} is none of its fields`)
    assert(!seen.has(name), `${name} twice`)
    seen.add(name)
    assert.match(text, /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/, name)
    assert.match(name, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/)
  }
}

const names = (dialect: BaggageDialect) => [
  ...dialect.fields,
  ...dialect.prefixes.flatMap(prefix => [`${prefix}a`, `${prefix}sys-b`, `${prefix}__proto__`, prefix])
]

export function contract(t: Test, dialect: BaggageDialect): void {
  t.test(`${dialect.name} carries over its wire what it says it carries`, async t => {
    const { carries } = dialect
    const arrives = (members: readonly Member[], maxBytes = 100_000) =>
      pairsRead(dialect, write(dialect, members, maxBytes))
    const many = Array.from({ length: 100 }, (_, i) => member(`k${i}`, 'v'))
    t.equal(arrives(many).length, carries.members, 'members')
    const long = (length: number) => arrives([member('k', 'v'.repeat(length))]).length
    const longest = carries.valueLength ?? 2048
    t.equal(long(longest), 1, 'the longest value')
    if (carries.valueLength !== undefined) t.equal(long(longest + 1), 0, 'a longer value')
    const { bytes = 5000 } = carries
    const wide = 'k'.repeat(Math.ceil((bytes * 1.3) / carries.members))
    const big = Array.from({ length: carries.members }, (_, i) => member(`${wide}${i}`, 'v'.repeat(100)))
    const length = write(dialect, big, 100_000).reduce((sum, [, text]) => sum + text.length, 0)
    if (carries.bytes === undefined) t.equal(arrives(big).length, carries.members, 'as much as rules allow')
    else t.ok(length <= carries.bytes && length > carries.bytes * 0.5, `${length} bytes of ${carries.bytes}`)
    t.equal(arrives([member('k', '')]).length, carries.emptyValues ? 1 : 0, 'empty values')
    t.equal(arrives([member('a é', 'v')]).length, carries.anyKey ? 1 : 0, 'any key')
    t.strictSame(
      arrives([member('aKey', 'v')]),
      [[carries.caseOfKeys ? 'aKey' : 'akey', 'v']],
      'case of keys'
    )
    t.equal(arrives([member('k', '1'), member('k', '2')]).length, carries.repeats ? 2 : 1, 'repeats')
    const rich: Member = { key: 'k', value: 'v', dialect: 'w3c', raw: 'k=v;p=1' }
    t.equal(write(dialect, [rich])[0]?.[1].includes('p=1'), carries.properties, 'properties')
  })

  t.test(`${dialect.name} gives any text back from its wire`, async t => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 3 }),
        pairs => {
          const whole = pairs.filter(
            ([name]) => dialect.reserved === undefined || !name.startsWith(dialect.reserved)
          )
          const set = write(
            dialect,
            whole.map(([name, text]) => member(name, text))
          )
          sendable(dialect, set)
          assert.deepEqual(pairsRead(dialect, set), whole)
          assert.deepEqual(garbledIn(dialect, set), [])
        }
      )
    )
    t.pass('every key and value')
  })

  t.test(`${dialect.name} makes members of any bytes, and sends on none that HTTP would refuse`, async t => {
    const headers = fc.array(fc.tuple(fc.constantFrom(...names(dialect)), noise), { maxLength: 4 })
    fc.assert(
      fc.property(headers, fc.nat(200), (sent, maxBytes) => {
        const members = read(dialect, sent)
        assert(['', dialect.name].includes(garbledIn(dialect, sent).join()), 'once at most')
        for (const each of members) {
          assert(each.key !== '' && each.dialect === dialect.name)
          assert(each.raw === undefined || /^[\t\x20-\x7e]*$/.test(each.raw))
        }
        for (const dialectless of [members, members.map(each => ({ ...each, dialect: 'none' }))]) {
          const set = write(dialect, dialectless, maxBytes)
          sendable(dialect, set)
          const bytes = set.reduce(
            (sum, [name, text]) => sum + text.length + (dialect.fields.includes(name) ? 0 : name.length),
            0
          )
          assert(bytes <= maxBytes, `${bytes} of ${maxBytes}`)
        }
      }),
      { numRuns: 400 }
    )
    t.pass('no exception, no unsound field')
  })

  t.test(`${dialect.name} writes what it read as it was`, async t => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 3 }),
        pairs => {
          const set = write(
            dialect,
            pairs.map(([name, text]) => member(name, text))
          )
          assert.deepEqual(write(dialect, read(dialect, set)), set)
        }
      )
    )
    t.pass('every wire')
  })

  t.test(
    `${dialect.name} leaves out whole members, never a part of one, and no member says more than one thing`,
    async t => {
      const members = Array.from({ length: 100 }, (_, i) => member(`k${i}`, 'v'.repeat((i % 7) * 10 + 1)))
      for (const maxBytes of [0, 1, 5, 20, 50, 100, 500, 5000, 1e9]) {
        const set = write(dialect, members, maxBytes)
        const came = pairsRead(dialect, set)
        t.ok(came.length <= 64, `${came.length} in ${maxBytes} bytes`)
        for (const [name, text] of came) assert.equal(text, members.find(each => each.key === name)?.value)
      }
      t.strictSame(write(dialect, []), [], 'nothing for nothing')
    }
  )

  t.test(`${dialect.name} sends nothing that would be two fields, or two lines`, async t => {
    for (const bad of ['a\r\nx: y', 'a b', 'é', '\0', '', 'a=b&c=d', '__proto__', 'constructor', 'a:b,c']) {
      const set = write(dialect, [member(bad, bad), member('ok', bad), member('Ok', 'twice')])
      sendable(dialect, set)
      for (const { key: name } of read(dialect, set))
        t.ok([bad, folded(bad), 'ok', 'Ok'].includes(name), `${bad}: ${name}`)
    }
  })
}
