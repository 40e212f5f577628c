// SkyWalking's baggage, sw8-correlation: `base64(key):base64(value),…`. Text in, pairs out, and back.
// https://skywalking.apache.org/docs/main/next/en/api/x-process-correlation-headers-v1/
import { decodeText, encodeText } from './base64.ts'
import { type Pair, type Pairs, tooLong } from './user-data.ts'

export const maxCorrelation = 2048
/** What agents keep: https://github.com/apache/skywalking-java CorrelationContext */
export const maxPairs = 3
export const maxValue = 128

/**
 * The first three pairs; what is no pair, or has no key or value, is left out. Of a repeated key the last value
 * counts. Nothing at all of a field that is longer than any agent sends.
 */
export function decodeCorrelation(field: string): Pairs {
  if (field.length > maxCorrelation) return tooLong
  const pairs = new Map<string, string>()
  let dropped = 0
  for (const entry of field.split(',')) {
    if (pairs.size === maxPairs) break
    const text = entry.trim()
    if (text === '') continue
    const parts = text.split(':', 3)
    const [key = '', value = ''] = parts.length === 2 ? parts.map(decodeText) : []
    if (key === '' || value === '') dropped++
    else pairs.set(key, value)
  }
  return { pairs: [...pairs], dropped }
}

/** The field for these pairs, '' for none: three at most, and none whose value agents would not take. */
export function encodeCorrelation(pairs: Iterable<Pair>): string {
  const entries: string[] = []
  let length = -1
  for (const [key, value] of pairs) {
    if (entries.length === maxPairs) break
    if (key === '' || value === '' || value.length > maxValue) continue
    const entry = `${encodeText(key)}:${encodeText(value)}`
    if (length + 1 + entry.length > maxCorrelation) continue
    length += 1 + entry.length
    entries.push(entry)
  }
  return entries.join(',')
}
