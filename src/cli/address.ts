// An address to listen on, as people write it. Names are not resolved here.
import { isIPv4, isIPv6 } from 'node:net'

export type Address = { readonly host: string; readonly port: number }

// `8080`, `:8080`, `host:8080`, `[::1]:8080`: IPv6 stands in brackets. https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2
const shape = /^(?:(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{0,253})):)?(\d{1,5})$/

const numeric = /^[0-9.]+$/

/** A port alone is every IPv4 interface, as `:8080` is elsewhere; port 0 is any free one; undefined when it is no address. */
export function parseAddress(text: string): Address | undefined {
  const found = shape.exec(text)
  if (found === null) return undefined
  const port = Number(found[3])
  if (port > 65_535) return undefined
  const ipv6 = found[1]
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined
  const host = found[2] ?? ''
  if (host === '') return { host: '0.0.0.0', port }
  // `256.1.1.1` would go to DNS as a name, and fail there with a message nobody understands.
  return numeric.test(host) && !isIPv4(host) ? undefined : { host, port }
}

/** As `host:port`, IPv6 in brackets. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
