// Ranges of addresses as rules write them. Text to value or undefined, and back to text. Must not judge a caller.
import { isIP } from 'node:net'

/** Callers by address: all of them, a named group, or a range. */
export type Range =
  | { readonly kind: 'any' | 'loopback' | 'private' }
  | { readonly kind: 'range'; readonly address: string; readonly prefix: number; readonly family: 4 | 6 }

const rangePattern = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/

/** `10.0.0.0/8`, `::1`, `any`, `loopback` or `private`. */
export function parseRange(text: string): Range | undefined {
  if (text === 'any' || text === 'loopback' || text === 'private') return { kind: text }
  const [, address = '', bits] = rangePattern.exec(text) ?? []
  const version = isIP(address)
  // Callers are compared in their IPv4 form, so a mapped range would never match.
  if (version === 0 || address.toLowerCase().startsWith('::ffff:')) return undefined
  const family = version === 4 ? 4 : 6
  const width = family === 4 ? 32 : 128
  const prefix = bits === undefined ? width : Number(bits)
  return prefix <= width ? { kind: 'range', address, prefix, family } : undefined
}

export function formatRange(range: Range): string {
  return range.kind === 'range' ? `${range.address}/${range.prefix}` : range.kind
}
