// OpenTracing's baggage: a field ot-baggage-{key} for each member.
// Most libraries write values as they are, some percent-encoded: only what could not be sent otherwise is encoded.
import { percentDecode, percentEncode } from '../trace/percent.ts'
import type { BaggageDialect } from './baggage.ts'
import { type Notation, prefixedCarries, readPrefixed, writePrefixed } from './prefixed.ts'

// https://github.com/opentracing/basictracer-go/blob/master/propagation_ot.go
const prefix = 'ot-baggage-'

// All but visible ASCII and spaces inside, and the percent sign: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
// A run of spaces is looked at from its begin alone, or a long one would be looked at once for each of them.
const unsafe = /[^\x20-\x24\x26-\x7e]+|^ +|(?<! ) +$/g

const notation: Notation = { decode: percentDecode, encode: value => percentEncode(value, unsafe) }

export const ot: BaggageDialect = {
  name: 'ot',
  fields: [],
  prefixes: [prefix],
  reserved: undefined,
  carries: prefixedCarries,
  extract: (_, each, garbled) => readPrefixed(ot, prefix, notation, each, garbled),
  inject(members, set, maxBytes) {
    writePrefixed(ot, prefix, notation, members, set, maxBytes)
  }
}
