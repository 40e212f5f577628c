// SkyWalking's baggage, sw8-correlation: `base64(key):base64(value),…`. Text in, pairs out, and back.
// https://skywalking.apache.org/docs/main/next/en/api/x-process-propagation-headers-v3/#correlation-header-item
import { decodeText, encodeText } from './base64.ts'
import type { Pair } from './user-data.ts'

const maxLength = 2048
/** What agents keep: https://github.com/apache/skywalking-java CorrelationContext */
const maxPairs = 3
const maxValue = 128

/**
 * The first three pairs; what is no pair, or has no key or value, is left out. Of a repeated key the last value
 * counts. Nothing at all of a field that is longer than any agent sends.
 */
export function decodeCorrelation(field: string): Pair[] {
  if (field.length > maxLength) return []
  const pairs = new Map<string, string>()
  for (const entry of field.split(',')) {
    if (pairs.size === maxPairs) break
    const parts = entry.trim().split(':', 3)
    if (parts.length !== 2) continue
    const [key = '', value = ''] = parts.map(decodeText)
    if (key !== '' && value !== '') pairs.set(key, value)
  }
  return [...pairs]
}

/** The field for these pairs, '' for none: three at most, and none whose value agents would not take. */
export function encodeCorrelation(pairs: Iterable<Pair>): string {
  const entries: string[] = []
  let length = -1
  for (const [key, value] of pairs) {
    if (entries.length === maxPairs) break
    if (key === '' || value === '' || value.length > maxValue) continue
    const entry = `${encodeText(key)}:${encodeText(value)}`
    if (length + 1 + entry.length > maxLength) continue
    length += 1 + entry.length
    entries.push(entry)
  }
  return entries.join(',')
}
