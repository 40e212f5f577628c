// How connections to one target are made: TLS, ceilings, ages. Must not know who is asked when (balance.ts).
import { isIP, type LookupFunction } from 'node:net'
import type { Upstream, UpstreamTarget } from '../rules/upstream.ts'
import { plainDial, secureDial } from './dial.ts'
import { ConnectionPool } from './h1-pool.ts'
import { StreamPool } from './h2-pool.ts'
import type { Control, Recipient, Sent } from './recipient.ts'
import { createSweep } from './sweep.ts'
import { buildConnector } from './undici.ts'

export type Connector = ReturnType<typeof buildConnector>

/** Connections to one target. */
export type Connections = {
  readonly closed: boolean
  readonly stats: { readonly connected: number; readonly running: number; readonly pending: number }
  /** What it returns can also give up a request that still waits. */
  readonly dispatch: (sent: Sent, recipient: Recipient) => Control
  /** Requests under way end; resolves when all have. */
  readonly close: () => Promise<void>
}

/** Milliseconds that an idle connection is kept at most, whatever its target says of it. */
const longest = 30_000

/**
 * Makes connections to a target. The name that is asked for by TLS, and that the certificate must have, is the rules':
 * undici would take it from Host, and let callers choose whose certificate will do.
 */
export function createConnector(
  { protocol, tls, timeouts }: Pick<Upstream, 'protocol' | 'tls' | 'timeouts'>,
  { host }: Pick<UpstreamTarget, 'host'>,
  lookup: LookupFunction | undefined
): Connector {
  const h2 = protocol === 'h2'
  const connect = buildConnector({
    // In plain text it is what the socket says of itself, for undici's own client of health checks.
    ...(h2 ? { allowH2: true, preferH2: true, useH2c: true } : { allowH2: false }),
    timeout: timeouts.connect,
    ...(tls?.options ?? {}),
    ...(lookup === undefined ? {} : { lookup })
  })
  // No address is ever asked for by name: https://www.rfc-editor.org/rfc/rfc6066#section-3
  const servername = tls?.serverName ?? (isIP(host) === 0 ? host : undefined)
  return ({ servername: _, ...options }, callback) =>
    connect(servername === undefined ? options : { ...options, servername }, callback)
}

export function openPool(
  upstream: Upstream,
  target: UpstreamTarget,
  connect: Connector,
  lookup: LookupFunction | undefined
): Connections {
  const { connections, connectionAgeMs, keepAliveMs: keepAlive, header: maxHeaderSize } = upstream.limits
  const keepAliveMax = Math.max(keepAlive, longest)
  const options = { connections, connectionAgeMs, maxHeaderSize }
  if (upstream.protocol === 'h2')
    return new StreamPool(target.origin, { ...options, connect, keepAlive: keepAliveMax })
  const dial = target.origin.startsWith('https:')
    ? secureDial(target, connect)
    : plainDial(target, upstream.timeouts.connect, lookup)
  return new ConnectionPool(target.origin, { ...options, dial, keepAlive, keepAliveMax, sweep })
}

/** One for all, as there may be many targets. */
const sweep = createSweep()
