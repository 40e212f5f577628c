// Whom to believe: by the address of the caller's socket, what its certificate calls it, the page that it is, the secret
// that it knows.
// Must not read a header that no entry asks for.
import { BlockList, isIP } from 'node:net'
import { createIdentities } from './identities.ts'
import { createOrigins } from './origins.ts'
import type { Range } from './ranges.ts'
import type { Credentials, Verdict } from './rules.ts'
import { createSecret } from './secret.ts'
import type { TrustSettings } from './settings.ts'

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

/** Whether an address is in one of the ranges. */
export function blocksOf(ranges: readonly Range[]): (address: string) => boolean {
  const blocks = ranges.flatMap(range => blockOf(range) ?? [])
  return address => {
    const version = isIP(address)
    return version !== 0 && blocks.some(block => block.check(address, version === 4 ? 'ipv4' : 'ipv6'))
  }
}

// IPv4 callers of a dual-stack socket. https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2
const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

type Test = (shown: Credentials) => boolean

/** Undefined where the entry asks for nothing but an address. */
function testOf({ identities, origins, secret }: TrustSettings): Test | undefined {
  const tests: Test[] = []
  // The cheap ones first; of a secret the hash is reckoned for none but whom all else holds of.
  if (identities !== undefined) {
    const means = createIdentities(identities)
    tests.push(shown => means(shown.identities))
  }
  if (origins !== undefined) {
    const allows = createOrigins(origins)
    tests.push(({ read }) => {
      const origin = read('origin')
      return origin !== undefined && allows(origin)
    })
  }
  if (secret !== undefined) tests.push(createSecret(secret))
  const [only] = tests
  return tests.length < 2 ? only : shown => tests.every(test => test(shown))
}

/** Any program can say that it is a page: that alone does not make it a proxy of ours. */
function forwards({ from, identities, origins, secret, context }: TrustSettings): boolean {
  const proven = from.kind !== 'any' || secret !== undefined || identities !== undefined
  return context === 'continue' && (origins === undefined || proven)
}

const stranger: Verdict = { context: 'restart', forwarding: false, entry: undefined }

/** Makes the lookup: the first entry whose conditions all hold decides; a caller of whom none does restarts. */
export function createTrust(entries: readonly TrustSettings[]): (shown: Credentials) => Verdict {
  const compiled = entries.map((each, entry) => ({
    block: blockOf(each.from),
    test: testOf(each),
    verdict: Object.freeze({ context: each.context, forwarding: forwards(each), entry })
  }))
  const entriesFor = remembered(address => {
    const plain = mapped.exec(address)?.[1] ?? address
    const version = isIP(plain)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    return compiled.filter(({ block }) => block === undefined || (version > 0 && block.check(plain, family)))
  })
  return shown => {
    for (const { test, verdict } of entriesFor(shown.address)) {
      if (test === undefined || test(shown)) return verdict
    }
    return stranger
  }
}

/** So many addresses, then all are forgotten: most callers come again at once. */
const mostAddresses = 4096

/** `node:net` takes a microsecond to look an address up. */
function remembered<T>(find: (address: string) => T): (address: string) => T {
  const found = new Map<string, T>()
  return address => {
    const known = found.get(address)
    if (known !== undefined) return known
    if (found.size >= mostAddresses) found.clear()
    const value = find(address)
    found.set(address, value)
    return value
  }
}
