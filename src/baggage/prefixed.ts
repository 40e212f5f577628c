// Baggage that has a header field for each member, its key in the name of the field: what such dialects share.
import { maxMembers } from '../trace/baggage.ts'
import { percentDecode } from '../trace/percent.ts'
import {
  type BaggageCarries,
  type BaggageDialect,
  type Each,
  folded,
  lastOfEach,
  type Member,
  noMembers
} from './baggage.ts'

// https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text
const plain = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]{0,8190}[\x21-\x7e])?)?$/
// obs-text: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
const foreign = /[\x80-\xff]/
const wide = /[^\0-\xff]/

/** A field for each member: its name has no case. */
export const prefixedCarries: BaggageCarries = {
  members: maxMembers,
  valueLength: undefined,
  bytes: undefined,
  emptyValues: true,
  anyKey: false,
  caseOfKeys: false,
  properties: false,
  repeats: false
}

/** How a dialect writes a value into a field, and reads it from there. */
export type Notation = {
  readonly decode: (text: string) => string
  /** Visible ASCII, spaces inside only. */
  readonly encode: (value: string) => string
}

/**
 * As java.net.URLEncoder and Go's url.QueryEscape write, where a plus sign is a space.
 * https://url.spec.whatwg.org/#application/x-www-form-urlencoded
 */
export const urlEncoded: Notation = {
  decode: text => percentDecode(text.includes('+') ? text.replaceAll('+', ' ') : text),
  // A space as %20 and a plus sign as %2B: every client reads those alike.
  encode: value => encodeURIComponent(value.toWellFormed())
}

/** The members that are in fields of a prefix; what has no key, or one beyond 256 characters, is none. */
export function readPrefixed(
  dialect: Pick<BaggageDialect, 'name'>,
  prefix: string,
  { decode }: Notation,
  each: Each,
  garbled?: string[]
): readonly Member[] {
  const fields = each(prefix)
  if (fields.length === 0) return noMembers
  const members: Member[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const key = fields[i] ?? ''
    const text = fields[i + 1] ?? ''
    if (!token.test(key)) {
      noteGarbled(dialect, garbled)
      continue
    }
    const raw = plain.test(text) ? text : undefined
    members.push({ key, value: decode(unicode(text)), dialect: dialect.name, raw })
  }
  return members
}

/** Once, however many of its members made no sense. */
export function noteGarbled({ name }: Pick<BaggageDialect, 'name'>, garbled: string[] | undefined): void {
  if (garbled?.includes(name) === false) garbled.push(name)
}

/** Appends a field for each member whose key can be in a name; names and values together stay within `maxBytes`. */
export function writePrefixed(
  dialect: Pick<BaggageDialect, 'name'>,
  prefix: string,
  { encode }: Notation,
  members: readonly Member[],
  set: string[],
  maxBytes: number
): void {
  let left = maxBytes
  let room = maxMembers
  for (const { key, value, dialect: from, raw } of lastOfEach(members)) {
    if (room === 0) return
    if (!token.test(key)) continue
    const name = prefix + folded(key)
    const text = from === dialect.name && raw !== undefined ? raw : encode(value)
    if (name.length + text.length > left) continue
    left -= name.length + text.length
    room--
    set.push(name, text)
  }
}

/** node:http hands over one character for each byte; those who send more than ASCII mean UTF-8. */
function unicode(text: string): string {
  return foreign.test(text) && !wide.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text
}
