// The W3C baggage list: read by the member, each kept as it came; decoded only for whoever asks.
// What goes on of it, and to whom, is none of its business.
import { trimOws } from './ows.ts'
import { percentDecode, percentEncode } from './percent.ts'

/** What must be relayed whole: https://www.w3.org/TR/baggage/#limits */
export const maxMembers = 64
const maxBytesOfList = 8192

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
// https://www.w3.org/TR/baggage/#value
const octets = '[\\x21\\x23-\\x2b\\x2d-\\x3a\\x3c-\\x5b\\x5d-\\x7e]+'
// Blanks before a value are matched with the value alone: with none they could be told from those behind it in many ways,
// and a hundred bytes would take for ever.
// https://www.w3.org/TR/baggage/#property
const property = `[ \\t]*;[ \\t]*${token}(?:[ \\t]*=(?:[ \\t]*${octets})?)?`
// https://www.w3.org/TR/baggage/#definition
const memberPattern = new RegExp(`^(${token})[ \\t]*=(?:[ \\t]*(${octets}))?((?:${property})*)$`)
const tokenPattern = new RegExp(`^${token}$`)
// Everything that is not a baggage-octet, and the percent sign itself: https://www.w3.org/TR/baggage/#value
const unsafe = /[^\x21\x23\x24\x26-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+/g

export type Property = { readonly key: string; readonly value: string | undefined }

/** One well-formed member. */
export type Member = {
  /** As received, without the OWS around it. */
  readonly raw: string
  readonly key: string
  /** Still encoded, as are the properties. */
  readonly value: string
  readonly properties: string
}

export type Baggage = {
  readonly members: readonly Member[]
  /** Malformed, or beyond the limits. */
  readonly dropped: number
}

function parseMember(raw: string): Member | undefined {
  const parts = memberPattern.exec(raw)
  if (parts === null) return undefined
  const [, key = '', value = '', properties = ''] = parts
  return { raw, key, value, properties }
}

/**
 * Reads the lines of baggage, joined by commas. Malformed members are dropped, as is every one that does not fit any
 * more: beyond `most`, or beyond `maxBytes` with the commas between.
 */
export function parseBaggage(
  raw: string,
  most: number = maxMembers,
  maxBytes: number = maxBytesOfList
): Baggage {
  const members: Member[] = []
  let dropped = 0
  let bytes = -1
  for (let start = 0; start <= raw.length; ) {
    const comma = raw.indexOf(',', start)
    const end = comma === -1 ? raw.length : comma
    const text = trimOws(raw, start, end)
    start = end + 1
    if (text === '') continue
    const fits = members.length < most && bytes + 1 + text.length <= maxBytes
    const member = fits ? parseMember(text) : undefined
    if (member === undefined) {
      dropped++
      continue
    }
    members.push(member)
    bytes += 1 + text.length
  }
  return { members, dropped }
}

/** The decoded value of a member. */
export function decodedValue(member: Member): string {
  return percentDecode(member.value)
}

/** The decoded properties of a member, in order. */
export function decodedProperties(member: Member): readonly Property[] {
  if (member.properties === '') return []
  return member.properties
    .split(';')
    .slice(1)
    .map(text => {
      const at = text.indexOf('=')
      if (at === -1) return { key: text.trim(), value: undefined }
      return { key: text.slice(0, at).trim(), value: percentDecode(text.slice(at + 1).trim()) }
    })
}

/** One member as sent; undefined when a key is no token, which no encoding could mend. */
export function encodeMember(
  key: string,
  value: string,
  properties: readonly Property[] = []
): string | undefined {
  if (!tokenPattern.test(key)) return undefined
  let text = `${key}=${percentEncode(value, unsafe)}`
  for (const { key: name, value: content } of properties) {
    if (!tokenPattern.test(name)) return undefined
    text += content === undefined ? `;${name}` : `;${name}=${percentEncode(content, unsafe)}`
  }
  return text
}
