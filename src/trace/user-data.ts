// EagleEye's baggage, EagleEye-UserData: `k1=v1&k2=v2`. Text in, pairs out, and back. Nothing in it is escaped.

export type Pair = readonly [key: string, value: string]

export type Pairs = {
  readonly pairs: readonly Pair[]
  /** How many made no sense; all of a field that is too long count as one. */
  readonly dropped: number
}

export const tooLong: Pairs = { pairs: [], dropped: 1 }

const maxLength = 4096

// Between pairs and within one: `&` and `=` on HTTP, and what EagleEye's own libraries have in memory.
const betweenPairs = /[&\x12]/
const withinPair = /[=\x14]/
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text and what separates
const keyPattern = /^[\x20-\x25\x27-\x3c\x3e-\x7e]{1,256}$/
const valuePattern = /^[\x20-\x25\x27-\x7e]{0,4096}$/

/** The pairs in order, repeated keys included; a key alone has an empty value. Nothing of a field beyond 4 KiB. */
export function decodeUserData(field: string): Pairs {
  if (field.length > maxLength) return tooLong
  const pairs: Pair[] = []
  let dropped = 0
  for (const part of field.split(betweenPairs)) {
    if (part === '') continue
    const at = part.search(withinPair)
    const key = at === -1 ? part : part.slice(0, at)
    if (key === '') dropped++
    else pairs.push([key, at === -1 ? '' : part.slice(at + 1)])
  }
  return { pairs, dropped }
}

/** The field for these pairs, '' for none: without those that cannot be told apart in it, or are not ASCII. */
export function encodeUserData(pairs: Iterable<Pair>): string {
  const parts: string[] = []
  let length = -1
  for (const [key, value] of pairs) {
    if (!keyPattern.test(key) || !valuePattern.test(value)) continue
    const part = `${key}=${value}`
    if (length + 1 + part.length > maxLength) continue
    length += 1 + part.length
    parts.push(part)
  }
  // A header's value neither begins nor ends in a blank: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
  return parts.join('&').trim()
}
