// Jaeger's baggage: a field uberctx-{key} for each member, and jaeger-baggage, which people put in by hand.
// The latter is read and never written. uber-trace-id is no part of it.
import { trimOws } from '../trace/ows.ts'
import { percentDecode } from '../trace/percent.ts'
import { type BaggageDialect, folded, type Member } from './baggage.ts'
import { type Notation, readPrefixed, spaced, writePrefixed } from './prefixed.ts'

// https://www.jaegertracing.io/docs/1.52/client-libraries/#propagation-format
const name = 'jaeger'
const prefix = 'uberctx-'
const byHand = 'jaeger-baggage'
const maxByHand = 1024

const notation: Notation = {
  decode: text => percentDecode(spaced(text)),
  // A space as %20 and a plus sign as %2B: every client reads those alike.
  encode: value => encodeURIComponent(value.toWellFormed())
}

/** Of a key that is propagated too, the propagated one is the older, and stays. */
function readByHand(text: string, propagated: readonly Member[]): readonly Member[] {
  return text.split(',').flatMap(part => {
    const at = part.indexOf('=')
    const key = trimOws(part, 0, Math.max(at, 0))
    if (key === '' || propagated.some(member => member.key === folded(key))) return []
    return [{ key, value: notation.decode(trimOws(part, at + 1)), dialect: name, raw: undefined }]
  })
}

export const jaeger: BaggageDialect = {
  name,
  fields: [byHand],
  prefixes: [prefix],
  reserved: undefined,
  extract(read, each) {
    const propagated = readPrefixed(jaeger, prefix, notation, each)
    const text = read(byHand)
    if (text === undefined || text.length > maxByHand) return propagated
    return [...propagated, ...readByHand(text, propagated)]
  },
  inject(members, set, maxBytes) {
    writePrefixed(jaeger, prefix, notation, members, set, maxBytes)
  }
}
