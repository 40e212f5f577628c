// Who is at the far end, where trusted proxies stand in between. Believes no word that is not theirs.
import { isIP } from 'node:net'
import { plainAddress } from './target.ts'

// As proxies write it: bare, or with a port, which IPv6 then has in brackets.
const nodePattern = /^(?:\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|([0-9.]{7,15})(?::\d{1,5})?)$/

/** Further back nobody looks: each entry costs, and strangers can write as many as they like. */
const mostEntries = 32

/**
 * The rightmost address that is no proxy of ours: each proxy wrote down whom it heard, so the entry of a trusted one is
 * true, and those before it are what the first stranger claims. `peer` where nothing is known beyond.
 */
export function clientOf(
  forwardedFor: string | undefined,
  isProxy: (address: string) => boolean,
  peer: string
): string {
  let client = peer
  if (forwardedFor === undefined) return client
  let end = forwardedFor.length
  for (let entries = 0; entries < mostEntries && isProxy(client); entries++) {
    const comma = forwardedFor.lastIndexOf(',', end - 1)
    const address = addressOf(forwardedFor.slice(comma + 1, end).trim())
    if (address === undefined) return client
    client = address
    if (comma <= 0) return client
    end = comma
  }
  return client
}

function addressOf(text: string): string | undefined {
  const [, six, four] = nodePattern.exec(text) ?? []
  const address = six ?? four ?? text
  return address.length <= 45 && isIP(address) !== 0 && !address.includes('%')
    ? plainAddress(address)
    : undefined
}
