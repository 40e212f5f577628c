// Jaeger's baggage: a field uberctx-{key} for each member, and jaeger-baggage, which people put in by hand.
// The latter is read and never written. uber-trace-id is no part of it.
import { trimOws } from '../trace/ows.ts'
import { type BaggageDialect, folded, type Member } from './baggage.ts'
import { noteGarbled, prefixedCarries, readPrefixed, urlEncoded, writePrefixed } from './prefixed.ts'

// https://github.com/jaegertracing/documentation/blob/236bb7eee931039a0f30c6722e8fba293adf772b/content/docs/v1/1.52/client-libraries.md#propagation-format
const name = 'jaeger'
const prefix = 'uberctx-'
const byHand = 'jaeger-baggage'
const maxByHand = 1024

/** Of a key that is propagated too, the propagated one is the older, and stays. */
function readByHand(
  text: string,
  propagated: readonly Member[],
  garbled: string[] | undefined
): readonly Member[] {
  return text.split(',').flatMap(part => {
    const at = part.indexOf('=')
    const key = trimOws(part, 0, Math.max(at, 0))
    if (key === '' && trimOws(part) !== '') noteGarbled(jaeger, garbled)
    if (key === '' || propagated.some(member => member.key === folded(key))) return []
    return [{ key, value: urlEncoded.decode(trimOws(part, at + 1)), dialect: name, raw: undefined }]
  })
}

export const jaeger: BaggageDialect = {
  name,
  fields: [byHand],
  prefixes: [prefix],
  reserved: undefined,
  carries: prefixedCarries,
  extract(read, each, garbled) {
    const propagated = readPrefixed(jaeger, prefix, urlEncoded, each, garbled)
    const text = read(byHand)
    if (text === undefined) return propagated
    if (text.length <= maxByHand) return [...propagated, ...readByHand(text, propagated, garbled)]
    noteGarbled(jaeger, garbled)
    return propagated
  },
  inject(members, set, maxBytes) {
    writePrefixed(jaeger, prefix, urlEncoded, members, set, maxBytes)
  }
}
