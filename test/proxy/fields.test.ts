import fc from 'fast-check'
import t from 'tap'
import { createFieldReader, fieldOf, fieldsOf, named, removeFields } from '../../src/proxy/fields.ts'

const token = fc.string({
  unit: fc.constantFrom(...'abcxyzABCXYZ019-_!~'),
  minLength: 1,
  maxLength: 12
})
const fields = fc
  .array(fc.tuple(token, fc.string({ maxLength: 8 })), { maxLength: 12 })
  .map(pairs => pairs.flat())

t.test('a field is found whatever its case, and its lines are joined in their order', async t => {
  const raw = ['X-A', '1', 'other', 'x', 'x-a', '2', 'X-a', '']
  t.equal(fieldOf(raw, 'x-a'), '1,2,')
  t.equal(fieldOf(raw, 'x-b'), undefined)
  t.equal(fieldOf(raw, 'x-'), undefined, 'the start of a name is no name')
  t.equal(fieldOf(['X-A', ''], 'x-a'), '', 'an empty field is there')
})

t.test('names that objects are born with are names like any other', async t => {
  t.equal(fieldOf(['__proto__', '1'], '__proto__'), '1')
  t.equal(fieldOf([], 'constructor'), undefined)
})

t.test('it finds what a plain search finds', async () => {
  fc.assert(
    fc.property(fields, token, (raw, name) => {
      const lower = name.toLowerCase()
      const lines = raw.filter((_, i) => i % 2 === 1 && raw[i - 1]?.toLowerCase() === lower)
      return fieldOf(raw, lower) === (lines.length === 0 ? undefined : lines.join(','))
    })
  )
})

t.test('fields are found by a prefix, each line for itself, and named by what follows it', async t => {
  const raw = ['Uberctx-Tenant', 'a', 'uberctx', 'b', 'x', 'c', 'UBERCTX-tenant', 'd', 'uberctx-', 'e']
  t.strictSame(fieldsOf(raw, 'uberctx-'), ['tenant', 'a', 'tenant', 'd', '', 'e'])
  t.strictSame(fieldsOf(raw, 'ot-baggage-'), [])
  t.equal(fieldsOf(raw, 'a-'), fieldsOf([], 'b-'), 'nothing is made where there is nothing')
  t.strictSame(fieldsOf(['uberctx-__proto__', '1'], 'uberctx-'), ['__proto__', '1'])
})

t.test('only letters of ASCII have a case', async t => {
  t.ok(named('Trace-ID', 'trace-id'))
  // Kelvin sign: lower-cased it is a k, and no header of that name was sent.
  t.notOk(named('\u212Aey', 'key'))
  t.notOk(named('@x', '`x'), '@ is no upper-case `')
  t.notOk(named('[x', '{x'))
})

t.test('a reader finds what a plain search finds, by a name or by the begin of one', async () => {
  const { load, read, each } = createFieldReader()
  fc.assert(
    fc.property(fields, fc.array(token), (raw, names) => {
      load(raw)
      const present = raw.filter((_, i) => i % 2 === 0)
      return [...present, ...present.map(name => name.slice(0, 2)), ...names]
        .map(name => name.toLowerCase())
        .every(
          name =>
            read(name) === fieldOf(raw, name) &&
            JSON.stringify(each(name)) === JSON.stringify(fieldsOf(raw, name))
        )
    })
  )
})

t.test('a reader speaks of the request that it was given last', async t => {
  const { load, read, each } = createFieldReader()
  t.equal(read('a'), undefined)
  load(['A', '1', 'p-a', '3'])
  t.equal(read('a'), '1')
  t.strictSame(each('p-'), ['a', '3'])
  load(['b', '2'])
  t.equal(read('a'), undefined)
  t.strictSame(each('p-'), [])
})

t.test('what is removed is gone, and the rest keeps its order', async t => {
  const raw = ['A', '1', 'b', '2', 'a', '3', 'C', '4']
  removeFields(raw, name => named(name, 'a'))
  t.strictSame(raw, ['b', '2', 'C', '4'])
  removeFields(raw, () => true)
  t.strictSame(raw, [])
})
