// The W3C tracestate list: from the wire to one canonical string, and members in and out of that string.
// Canonical: valid members joined by a bare comma, no key twice. It never alters what others wrote.
import { trimOws } from './ows.ts'

/** 32 members: https://www.w3.org/TR/trace-context-2/#list */
const maxMembers = 32
/** https://www.w3.org/TR/trace-context-2/#tracestate-limits */
const maxLength = 512
const longMember = 128
const maxRaw = 8192

/** A canonical list ('' for none), and why the whole of the received one was discarded, if it was. */
export type Tracestate = {
  readonly list: string
  readonly discarded: 'too-long' | 'invalid-member' | 'too-many-members' | undefined
}

const empty: Tracestate = { list: '', discarded: undefined }
const tooLong: Tracestate = { list: '', discarded: 'too-long' }
const invalidMember: Tracestate = { list: '', discarded: 'invalid-member' }
const tooManyMembers: Tracestate = { list: '', discarded: 'too-many-members' }

// https://www.w3.org/TR/trace-context-2/#key
const keyPattern = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/
// https://www.w3.org/TR/trace-context-2/#key
// https://www.w3.org/TR/trace-context-2/#value
const memberPattern =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/**
 * Reads the lines of tracestate, joined by commas. Empty members and OWS go, the left-most of a repeated key
 * stays; one bad member discards the list, for nobody can tell what it was a part of.
 */
export function parseTracestate(raw: string): Tracestate {
  if (raw.length > maxRaw) return tooLong
  const kept: string[] = []
  const keys: string[] = []
  let count = 0
  let length = -1
  for (let start = 0; start <= raw.length; ) {
    const comma = raw.indexOf(',', start)
    const end = comma === -1 ? raw.length : comma
    const member = trimOws(raw, start, end)
    start = end + 1
    if (member === '') continue
    if (!memberPattern.test(member)) return invalidMember
    count++
    if (count > maxMembers) return tooManyMembers
    const key = member.slice(0, member.indexOf('='))
    if (keys.includes(key)) continue
    keys.push(key)
    kept.push(member)
    length += 1 + member.length
  }
  if (kept.length === 0) return empty
  // Nothing was left out: it came in the canonical form, as it mostly does.
  return { list: length === raw.length ? raw : kept.join(','), discarded: undefined }
}

/** True for what can be the key of a member. */
export function isMemberKey(text: string): boolean {
  return keyPattern.test(text)
}

/** Where the member of a key begins in a canonical list; -1 for nowhere. */
function find(list: string, key: string): number {
  const start = `${key}=`
  if (list.startsWith(start)) return 0
  // A value holds neither comma nor equals sign, so this can only be the begin of a member.
  return list.indexOf(`,${start}`) + 1 || -1
}

function endOf(list: string, start: number): number {
  const comma = list.indexOf(',', start)
  return comma === -1 ? list.length : comma
}

/** The value of a key in a canonical list; undefined when it is not there. */
export function memberOf(list: string, key: string): string | undefined {
  if (list === '') return undefined
  const start = find(list, key)
  return start === -1 ? undefined : list.slice(start + key.length + 1, endOf(list, start))
}

/** A canonical list without the member of a key; the same string when it had none. */
export function withoutMember(list: string, key: string): string {
  const start = find(list, key)
  if (start === -1) return list
  const end = endOf(list, start)
  return start === 0 ? list.slice(end + 1) : list.slice(0, start - 1) + list.slice(end)
}

/** A canonical list of the members with these keys alone; the same string when it has no others. */
export function withOnly(list: string, keys: ReadonlySet<string>): string {
  if (list === '') return list
  const members = list.split(',')
  const kept = members.filter(member => keys.has(member.slice(0, member.indexOf('='))))
  return kept.length === members.length ? list : kept.join(',')
}

/**
 * A canonical list with this member in front, which is where a changed member belongs. Others make room for it:
 * beyond 32 members the right-most, beyond 512 characters first the right-most of those longer than 128.
 * The key and value must be valid; both are the gateway's own.
 */
export function withMember(list: string, key: string, value: string): string {
  const others = withoutMember(list, key)
  const member = `${key}=${value}`
  if (others === '') return member
  const members = others.split(',')
  if (members.length >= maxMembers) members.length = maxMembers - 1
  let length = member.length
  for (const other of members) length += 1 + other.length
  while (length > maxLength && members.length > 0) {
    // None is long: -1, which to splice is the last.
    const long = members.findLastIndex(other => other.length > longMember)
    const [dropped] = members.splice(long, 1)
    length -= 1 + (dropped ?? '').length
  }
  return members.length === 0 ? member : `${member},${members.join(',')}`
}
