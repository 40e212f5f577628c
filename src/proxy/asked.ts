// What a request says of itself, as rules for splitting ask for it. Bytes that make no sense say nothing.

import { type Each, folded, type Member } from '../baggage/baggage.ts'
import type { BaggagePolicy } from '../baggage/bridge.ts'
import type { Read } from '../dialects/dialect.ts'
import type { Trait } from '../rules/split.ts'
import { percentDecode } from '../trace/percent.ts'
import { named, type RawFields } from './fields.ts'

export type Asked = {
  readonly fields: RawFields
  readonly read: Read
  readonly each: Each
  /** Without `?`. */
  readonly query: string
  /** The caller is believed. */
  readonly believed: boolean
  readonly policy: Pick<BaggagePolicy, 'accept'>
  /** A cookie that it gets with its answer, and is taken to have brought. */
  readonly issued?: Issued | undefined
}

export type Issued = { readonly name: string; readonly value: string }

/** No more of a value is looked at: who sends more of it says nothing. */
const longest = 512

/** Undefined for what it does not say. */
export function saidOf({ in: place, name }: Trait, asked: Asked): string | undefined {
  const { issued } = asked
  if (issued !== undefined && place === 'cookie' && name === issued.name) return issued.value
  const value = textAt(place, name, asked)
  return value === '' || (value !== undefined && value.length > longest) ? undefined : value
}

function textAt(place: Trait['in'], name: string, asked: Asked): string | undefined {
  switch (place) {
    case 'header':
      return asked.read(name)
    case 'cookie':
      return cookieOf(asked.fields, name)
    case 'query':
      return parameterOf(asked.query, name)
    case 'baggage':
      return memberOf(asked, name)
  }
}

/** The first of that name, as most servers read them; HTTP/2 may bring each in a line of its own. */
function cookieOf(fields: RawFields, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) {
    if (!named(fields[i] ?? '', 'cookie')) continue
    const value = cookieIn(fields[i + 1] ?? '', name)
    if (value !== undefined) return value
  }
  return undefined
}

/** https://www.rfc-editor.org/rfc/rfc6265#section-5.4 */
function cookieIn(line: string, name: string): string | undefined {
  for (let at = 0; at < line.length; ) {
    while (line[at] === ' ') at++
    const semicolon = line.indexOf(';', at)
    const end = semicolon === -1 ? line.length : semicolon
    if (line.startsWith(name, at) && line[at + name.length] === '=') {
      const value = line.slice(at + name.length + 1, end).trimEnd()
      const quoted = value.length > 1 && value.startsWith('"') && value.endsWith('"')
      return quoted ? value.slice(1, -1) : value
    }
    at = end + 1
  }
  return undefined
}

/** The first of that name. https://url.spec.whatwg.org/#application/x-www-form-urlencoded */
function parameterOf(query: string, name: string): string | undefined {
  for (let at = 0; at < query.length; ) {
    const ampersand = query.indexOf('&', at)
    const end = ampersand === -1 ? query.length : ampersand
    const pair = query.slice(at, end)
    const equals = pair.indexOf('=')
    const middle = equals === -1 ? pair.length : equals
    if (decoded(pair.slice(0, middle)) === name) return decoded(pair.slice(middle + 1))
    at = end + 1
  }
  return undefined
}

function decoded(text: string): string {
  return percentDecode(text.replaceAll('+', ' '))
}

/** Of the first dialect that has it the last one, as it goes on. */
function memberOf({ read, each, policy }: Asked, name: string): string | undefined {
  for (const dialect of policy.accept) {
    let found: Member | undefined
    for (const member of dialect.extract(read, each)) if (folded(member.key) === name) found = member
    if (found !== undefined) return found.value
  }
  return undefined
}
