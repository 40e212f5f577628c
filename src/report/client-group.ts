// Callers in groups that stay few: by what software calls, and from where. It holds no address and no whole name.
import type { Trust } from '../mediate/policy.ts'

/** Who calls, as far as a migration has to know it. */
export type ClientGroup = {
  /** `okhttp`, `browser`, `none`; in lower case and without a version. */
  readonly agent: string
  /** `loopback`, a range such as `10.1.2.0/24`, or `outside` for callers that are not believed. */
  readonly from: string
}

// https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5: the product, up to its version
const product = /^([A-Za-z][A-Za-z0-9._-]{0,31})(?:[/ (;]|$)/
// https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.3
const ipv4 = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/

/** `userAgent` as sent, `client` as the socket has it, IPv4-mapped forms undone. */
export function groupOf(userAgent: string | undefined, client: string, trust: Trust): ClientGroup {
  return { agent: agentOf(userAgent), from: trust === 'continue' ? rangeOf(client) : 'outside' }
}

/** Every browser begins with Mozilla; whoever else does wants to be taken for one. */
function agentOf(userAgent: string | undefined): string {
  if (userAgent === undefined || userAgent === '') return 'none'
  const name = product.exec(userAgent)?.[1]?.toLowerCase()
  return name === 'mozilla' ? 'browser' : (name ?? 'other')
}

function rangeOf(client: string): string {
  if (client === '::1' || client.startsWith('127.')) return 'loopback'
  const start = ipv4.exec(client)?.[1]
  if (start !== undefined) return `${start}.0/24`
  return client.includes(':') ? `${network(client)}::/64` : 'other'
}

/** The first four groups of an IPv6 address. https://www.rfc-editor.org/rfc/rfc5952#section-4.2 */
function network(address: string): string {
  const [before = '', after] = address.split('%', 1).join('').split('::', 2)
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const gap = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array<string>(gap).fill('0'), ...tail].slice(0, 4)
  return groups.join(':')
}
