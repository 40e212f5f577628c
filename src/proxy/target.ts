// The request line and Host, as rules see them.
import type { IncomingMessage } from 'node:http'
import type { Read } from '../dialects/dialect.ts'
import type { Target } from '../route/match.ts'

export type RequestTarget = Target & {
  /** As sent in Host; '' when there was none. */
  readonly authority: string
  /** Without `?`; '' for none. */
  readonly query: string
}

/** Splits the request; `url` is in origin-form. https://www.rfc-editor.org/rfc/rfc9112#section-3.2.1 */
export function targetOf(method: string, url: string, read: Read): RequestTarget {
  const mark = url.indexOf('?')
  const authority = read('host') ?? ''
  return {
    authority,
    host: hostOf(authority),
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    method,
    header: read
  }
}

// IPv4 callers of a dual-stack socket. https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
const mapped = '::ffff:'

/** An address as people know it: IPv4 in its own form, whatever the socket. */
export function plainAddress(address: string): string {
  return address.startsWith(mapped) && address.includes('.') ? address.slice(mapped.length) : address
}

/** Lower case, without port; the brackets of an IPv6 address stay. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':')
  const host = colon > authority.lastIndexOf(']') ? authority.slice(0, colon) : authority
  return host.toLowerCase()
}

/** RFC 9112: a request has a body when it says so. https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}
