// SkyWalking's correlation context, three short pairs at most. An empty field is never written: agents take one amiss.
// https://skywalking.apache.org/docs/main/next/en/api/x-process-correlation-headers-v1/
import {
  decodeCorrelation,
  encodeCorrelation,
  maxCorrelation,
  maxPairs,
  maxValue
} from '../trace/correlation.ts'
import type { Pair } from '../trace/user-data.ts'
import { type BaggageDialect, lastOfEach, noMembers } from './baggage.ts'

const name = 'sw8'
const field = 'sw8-correlation'

export const sw8: BaggageDialect = {
  name,
  fields: [field],
  prefixes: [],
  reserved: undefined,
  carries: {
    members: maxPairs,
    valueLength: maxValue,
    bytes: maxCorrelation,
    emptyValues: false,
    anyKey: true,
    caseOfKeys: true,
    properties: false,
    repeats: false
  },
  extract(read, _, garbled) {
    const text = read(field)
    if (text === undefined || text === '') return noMembers
    const { pairs, dropped } = decodeCorrelation(text)
    if (dropped > 0) garbled?.push(name)
    return pairs.map(([key, value]) => ({ key, value, dialect: name, raw: undefined }))
  },
  inject(members, set, maxBytes) {
    const pairs: Pair[] = []
    let list = ''
    for (const { key, value } of lastOfEach(members)) {
      const longer = encodeCorrelation([...pairs, [key, value]])
      if (longer.length === list.length || longer.length > maxBytes) continue
      pairs.push([key, value])
      list = longer
    }
    if (list !== '') set.push(field, list)
  }
}
