import fc from 'fast-check'
import t from 'tap'
import { packId, unpackId } from '../../src/trace/packing.ts'

const uuid = 'a12ff60b5807463899ea84ae4ba9cb3d'

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

const ids = fc.oneof(
  fc.tuple(digits(32), uint64, uint64).map(parts => parts.join('.')),
  fc.tuple(digits(8), digits(4), digits(4), digits(4), digits(12)).map(parts => parts.join('-')),
  digits(16),
  digits(30),
  fc.string({ minLength: 1 }),
  fc.string({ unit: 'grapheme', minLength: 1 })
)

t.test('every id has a form that gives it back', async t => {
  fc.assert(fc.property(ids, id => t.equal(unpackId(packId(id)), id)))
})

t.test('no other form of it is read', async t => {
  fc.assert(
    fc.property(ids, fc.constantFrom('j', 'u', 'x', 'r'), fc.string(), (id, how, tail) => {
      for (const packed of [how + packId(id).slice(1), packId(id) + tail, how + tail]) {
        const got = unpackId(packed)
        if (got !== undefined) t.equal(packId(got), packed)
      }
    })
  )
  t.pass()
})

t.test('each shape has its letter', async t => {
  for (const [id, how] of [
    [`${uuid}.122.15600489440440007`, 'j'],
    [`${uuid}.0.18446744073709551615`, 'j'],
    [`${uuid}.0.18446744073709551616`, 'r'],
    [`${uuid}.01.5`, 'r'],
    [`${uuid}.1.2.3`, 'r'],
    [`${uuid.toUpperCase()}.1.2`, 'r'],
    ['de5980b8-fce3-4a37-aab9-b4ac3af7eedd', 'u'],
    ['DE5980B8-fce3-4a37-aab9-b4ac3af7eedd', 'r'],
    [uuid, 'x'],
    ['00f067aa0ba902b7', 'x'],
    ['00f067aa0ba902b', 'r'],
    ['00f067aa0ba902', 'r'],
    ['3.4.5', 'r']
  ] as const) {
    t.equal(packId(id).charAt(0), how, id)
  }
})

t.test('what is not a letter or digit goes through as little escaping as tracestate allows', async t => {
  t.equal(packId("a._~/*+-b!'() %=,;:é"), 'ra._~/*+-b%21%27%28%29%20%25%3D%2C%3B%3A%C3%A9')
})

t.test('forms that are none give nothing', async t => {
  for (const bad of [
    '',
    'r',
    'x',
    'u',
    'j',
    'q1',
    'r%',
    'r%E0%A4',
    'uAAAA',
    'xA',
    'x====',
    'jAAAA',
    'r%41'
  ]) {
    t.equal(unpackId(bad), undefined, bad)
  }
})
