// Spans of every kind for properties that hold of all exporters: what they say need not make sense.
import fc from 'fast-check'
import type { Span } from '../../src/exporters/exporter.ts'

const id = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })

// Lone surrogates included, and lengths on both sides of every limit that the writer knows of.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.tuple(fc.string({ unit: 'binary', maxLength: 3 }), fc.integer({ min: 0, max: 9000 })).map(repeated),
  fc.constantFrom('', '\ud800', 'a\udc00', '訂單', '😀'.repeat(40))
)

function repeated([part, times]: [string, number]): string {
  return part.repeat(times)
}

const value = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.constantFrom(127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 35, -1, -(2 ** 31), Number.MIN_SAFE_INTEGER, 2 ** 60),
  fc.array(text, { maxLength: 4 })
)

const time = fc.double({ min: 0, max: 4e12, noNaN: true, noDefaultInfinity: true })

const link = fc.record({
  traceId: id(32),
  spanId: id(16),
  reason: fc.constantFrom('restarted', 'conflict'),
  dialect: fc.constantFrom('w3c', 'b3')
})

export const anySpan: fc.Arbitrary<Span> = fc.record({
  traceId: id(32),
  spanId: id(16),
  parentId: fc.option(id(16), { nil: undefined }),
  parentIsRemote: fc.boolean(),
  tracestate: fc.oneof(fc.constant(''), fc.constant('tb=x,vendor=1'), fc.string({ maxLength: 300 })),
  flags: fc.integer({ min: 0, max: 255 }),
  kind: fc.constantFrom('server', 'client'),
  name: text,
  start: time,
  end: time,
  error: fc.boolean(),
  attributes: fc
    .uniqueArray(fc.tuple(text, value), { selector: ([key]) => wellFormed(key) })
    .map(pairs => pairs.flat()),
  links: fc.option(fc.array(link, { maxLength: 3 }), { nil: undefined }),
  segment: fc.constant(undefined)
})

/** As UTF-8 carries it. */
export function wellFormed(text: string): string {
  return text.toWellFormed()
}
