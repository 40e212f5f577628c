// Contexts as fast-check makes them: every wish, width, parent and flag, and lists that tracestate allows.
import fc from 'fast-check'
import type { Sampling, TraceContext } from '../../src/trace/context.ts'

/** So many lower-case digits, not all zero. */
export function hex(digits: number): fc.Arbitrary<string> {
  return fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })
    .filter(text => /[^0]/.test(text))
}

export const samplings: readonly Sampling[] = ['keep', 'drop', 'defer', 'debug']

const first = [...'abcdefghijklmnopqrstuvwxyz0123456789']
const key = fc
  .tuple(
    fc.constantFrom(...first),
    fc.string({ unit: fc.constantFrom(...first, '_', '-', '*', '/', '@'), maxLength: 20 })
  )
  .map(([head, tail]) => head + tail)
const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter(
  c => !',='.includes(c)
)
const value = fc
  .string({ unit: fc.constantFrom(...printable), minLength: 1, maxLength: 30 })
  .filter(text => !text.endsWith(' '))

/** Valid and canonical; '' now and then. */
export const tracestates: fc.Arbitrary<string> = fc
  .uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 32 })
  .map(members => members.map(([name, content]) => `${name}=${content}`).join(','))

const traceIds = fc.oneof(
  hex(32).map(traceId => ({ traceId, bits: 128 as const })),
  hex(16).map(low => ({ traceId: low.padStart(32, '0'), bits: 64 as const })),
  // Began with 128 bits that happen to be few.
  hex(16).map(low => ({ traceId: low.padStart(32, '0'), bits: 128 as const })),
  // The low half may be zero as long as the high one is not.
  hex(16).map(high => ({ traceId: high.padEnd(32, '0'), bits: 128 as const }))
)

export const contexts: fc.Arbitrary<TraceContext> = fc
  .record({
    id: traceIds,
    spanId: hex(16),
    parentId: fc.option(hex(16), { nil: undefined }),
    sampling: fc.constantFrom(...samplings),
    random: fc.boolean(),
    tracestate: tracestates,
    residue: fc.constant(undefined)
  })
  .map(({ id, ...rest }) => ({ ...id, ...rest }))

/** Contexts whose residue has some of these keys, each with such a value, or none of them. */
export function contextsWith(values: ReadonlyMap<string, fc.Arbitrary<string>>): fc.Arbitrary<TraceContext> {
  const entries = [...values].map(([key, value]) => fc.option(fc.tuple(fc.constant(key), value)))
  return fc.tuple(contexts, ...entries).map(([context, ...found]) => {
    const residue = new Map(found.filter(entry => entry !== null))
    return residue.size === 0 ? context : { ...context, residue }
  })
}

const visible = [...printable, ',', '=']
// Leans towards what wires are made of, so that an edited wire is nearly right.
const telling = [...'0123456789abcdefABCDEF01d01d----::::,,%', ...visible]

/** Edits that a text goes through: near misses find more than noise does. */
export const edits: fc.Arbitrary<(text: string) => string> = fc
  .array(
    fc.record({
      at: fc.nat(80),
      cut: fc.nat(2),
      put: fc.string({ unit: fc.constantFrom(...telling), maxLength: 2 })
    }),
    { maxLength: 3 }
  )
  .map(
    list => (text: string) =>
      list.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), text)
  )
