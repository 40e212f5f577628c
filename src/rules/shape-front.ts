// The shape of what rules say of any request, before a route is looked for. Must not know defaults (settle-front.ts).
import * as v from 'valibot'
import { choice, key, parsed } from './notation.ts'
import { parseRange, type Range } from './ranges.ts'

export const paths = choice(['strict', 'raw'])

function parseProxies(text: string): Range | undefined {
  const range = parseRange(text)
  return range?.kind === 'any' ? undefined : range
}

const proxies = v.pipe(
  v.array(parsed('an address range such as 10.0.0.0/8, one address, loopback or private', parseProxies)),
  v.maxLength(1000, 'expected a thousand ranges at most')
)

/** Keys of the top. */
export const front = {
  proxies: key(
    'Proxies in front, by address: 10.0.0.0/8, loopback or private. Their X-Forwarded-* are believed, and nobody else’s; the client is the last address in X-Forwarded-For that is none of them. When left out, trust decides.',
    proxies
  ),
  paths: key(
    'strict refuses paths that other servers could read as those of another route: %2F, //, /../, ;a=b. raw routes them as they are.',
    paths
  ),
  underscores: key(
    'Field names with underscores, which some servers take for dashes: drop those that would pass for fields of trace or forwarding, drop-all, reject the request, or allow all.',
    choice(['drop', 'drop-all', 'reject', 'allow'])
  )
}
