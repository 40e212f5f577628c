// What of new rules a running gateway cannot take over: sockets and servers are made once. Must not know what is done
// about it.
import { isDeepStrictEqual } from 'node:util'
import type { Listener } from './listener.ts'
import { labelOf } from './names.ts'
import type { Rules } from './rules.ts'

type Compared = Pick<Rules, 'listen' | 'admin' | 'workers' | 'tags'>

/** Keys of a rule file whose values wait for the next start; `first` are the rules that it started with. */
export function keysOfNextStart(first: Compared, rules: Compared): readonly string[] {
  const keys = listenersOfNextStart(first.listen, rules.listen)
  if (rules.admin.host !== first.admin.host || rules.admin.port !== first.admin.port)
    keys.push('admin.address')
  if (rules.workers !== first.workers) keys.push('workers')
  // Labels of metrics are named once.
  for (const key of ['service', 'version'] as const)
    if (labelOf(rules.tags[key]) !== labelOf(first.tags[key])) keys.push(`tags.${key}`)
  return keys
}

function listenersOfNextStart(first: readonly Listener[], next: readonly Listener[]): string[] {
  const same = (a: Listener, b: Listener) => a.host === b.host && a.port === b.port
  const alike = next.length === first.length && next.every((where, at) => same(where, first[at] ?? where))
  // Which is which is known by the address alone.
  if (!alike) return ['listen']
  return next.flatMap((where, at) => {
    const old = first[at]
    return old === undefined ? [] : keysOf(old, where).map(key => `listen[${at}].${key}`)
  })
}

function keysOf(first: Listener, next: Listener): readonly string[] {
  const changed: string[] = []
  // Whether callers are asked for a certificate; the certificates themselves are taken over.
  if (next.tls?.client !== first.tls?.client) changed.push('tls')
  if (!isDeepStrictEqual(next.protocols, first.protocols)) changed.push('protocols')
  if (next.tls !== undefined && next.timeouts.handshake !== first.timeouts.handshake)
    changed.push('timeouts.handshake')
  return changed
}
