// How connections to one target are made: TLS, ceilings, ages. Must not know who is asked when (balance.ts).
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector, Client, type Dispatcher, Pool } from 'undici'
import type { Upstream, UpstreamTarget } from '../rules/rules.ts'
import { StreamPool } from './h2-pool.ts'

export type Connector = ReturnType<typeof buildConnector>

/** Connections to one target, as undici's pool keeps them. */
export type Connections = Pick<Pool, 'close' | 'closed'> & {
  readonly dispatch: (options: Sent, handler: Dispatcher.DispatchHandler) => boolean
  readonly stats: { readonly connected: number; readonly running: number; readonly pending: number }
}

/** With what TLS asks for: undici takes it, but does not say so in its types. */
export type Sent = Dispatcher.DispatchOptions & { readonly servername: string }

/** Milliseconds that an idle connection is kept at most, whatever its target says of it. */
const keepAliveMax = 30_000

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

export function openPool(upstream: Upstream, target: UpstreamTarget, connect: Connector): Connections {
  const { connections, connectionAgeMs, keepAliveMs, header: maxHeaderSize } = upstream.limits
  const longest = Math.max(keepAliveMs, keepAliveMax)
  if (upstream.protocol === 'h2') {
    return new StreamPool(target.origin, {
      connect,
      connections,
      connectionAgeMs,
      keepAlive: longest,
      maxHeaderSize
    })
  }
  return new Pool(target.origin, {
    allowH2: false,
    pipelining: 1,
    maxHeaderSize,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: longest,
    connections,
    clientTtl: connectionAgeMs,
    connect,
    factory: (origin, options) => new Connection(origin, options)
  })
}

/** Asked by an attempt when it begins on a connection. */
export type Carrier = {
  /** Whether another request went there before this one; from now on one did. */
  readonly take: () => boolean
  /** An answer that it was to carry did not begin in time: no other request is to go there. */
  readonly distrust: () => void
}

/** A resource: one connection at a time, which knows whether it was used. undici's pool asks for a dispatcher. */
class Connection extends Client implements Carrier {
  #used = false

  constructor(origin: URL, options: object) {
    super(origin, options)
    this.on('connect', () => {
      this.#used = false
    })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if ('carrier' in handler) handler.carrier = this
    return super.dispatch(options, handler)
  }

  take(): boolean {
    const used = this.#used
    this.#used = true
    return used
  }

  // undici ends a connection of HTTP/1 with the request that is given up.
  distrust(): void {}
}
