// Whom to believe, by the address of the caller's socket.
import { BlockList, isIP } from 'node:net'
import type { Trust } from '../mediate/policy.ts'
import type { Range } from './values.ts'

type Entry = { readonly from: Range; readonly context: Trust }

// https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.3 and https://www.rfc-editor.org/rfc/rfc4291#section-2.5.3
const loopback = [
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6']
] as const
// https://www.rfc-editor.org/rfc/rfc1918#section-3 and https://www.rfc-editor.org/rfc/rfc4193#section-3
const privates = [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6']
] as const

function blockOf(range: Range): BlockList | undefined {
  if (range.kind === 'any') return undefined
  const block = new BlockList()
  if (range.kind === 'range') {
    block.addSubnet(range.address, range.prefix, range.family === 4 ? 'ipv4' : 'ipv6')
    return block
  }
  for (const [address, prefix, family] of range.kind === 'loopback' ? loopback : privates) {
    block.addSubnet(address, prefix, family)
  }
  return block
}

// IPv4 callers of a dual-stack socket. https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

/** Makes the lookup: the first range that holds the address decides; a caller in none restarts. */
export function createTrust(entries: readonly Entry[]): (address: string) => Trust {
  const blocks = entries.map(({ from, context }) => ({ block: blockOf(from), context }))
  return address => {
    const plain = mapped.exec(address)?.[1] ?? address.split('%', 1)[0] ?? ''
    const version = isIP(plain)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    for (const { block, context } of blocks) {
      if (block === undefined || (version !== 0 && block.check(plain, family))) return context
    }
    return 'restart'
  }
}
