// SOFATracer's baggage: a field baggage-{key} for each member, URL-encoded; in sftc_head, pairs beside the ids.
// baggage-sys-* steers SOFA's own middleware: it goes on to SOFA alone, and comes from nowhere else.
import { percentDecode } from '../trace/percent.ts'
import { maxSofaHead } from '../trace/sofa.ts'
import type { BaggageDialect, Member } from './baggage.ts'
import { noteGarbled, prefixedCarries, readPrefixed, urlEncoded, writePrefixed } from './prefixed.ts'

// https://github.com/sofastack/sofa-tracer/tree/master/tracer-core/src/main/java/com/alipay/common/tracer/core/registry
const name = 'sofa'
const prefix = 'baggage-'
const system = 'sys-'
const head = 'sftc_head'
const systemInHead = '_sys_'
const idsInHead: ReadonlySet<string> = new Set(['tcid', 'spid', 'pspid', 'sample'])

/** All of it is encoded once, and of each pair % & and = a second time. */
function readHead(text: string, garbled: string[] | undefined): readonly Member[] {
  return urlEncoded
    .decode(text)
    .split('&')
    .flatMap(pair => {
      const at = pair.indexOf('=')
      const written = percentDecode(pair.slice(0, Math.max(at, 0)))
      if (written === '' && pair !== '') noteGarbled(sofa, garbled)
      if (written === '' || idsInHead.has(written)) return []
      const key = written.startsWith(systemInHead) ? system + written.slice(systemInHead.length) : written
      return [{ key, value: percentDecode(pair.slice(at + 1)), dialect: name, raw: undefined }]
    })
}

export const sofa: BaggageDialect = {
  name,
  fields: [head],
  prefixes: [prefix],
  reserved: system,
  carries: prefixedCarries,
  extract(read, each, garbled) {
    const apart = readPrefixed(sofa, prefix, urlEncoded, each, garbled)
    const text = read(head)
    if (text === undefined) return apart
    if (text.length <= maxSofaHead) return [...readHead(text, garbled), ...apart]
    noteGarbled(sofa, garbled)
    return apart
  },
  inject(members, set, maxBytes) {
    writePrefixed(sofa, prefix, urlEncoded, members, set, maxBytes)
  }
}
