// Fills in what rules leave out about upstreams and the connections to them, and shows it to people again. An upstream
// goes before the top of the file.

import type { Protocol } from './listener.ts'
import type { UpstreamSettings, UpstreamTlsSettings } from './settings.ts'
import { baggageOfTop, settleBaggage, showBaggage } from './settle-baggage.ts'
import type { Top } from './settle-route.ts'
import {
  carriedHeaders,
  settleSplit,
  settleTargetMatches,
  showSplit,
  showTargetMatches
} from './settle-split.ts'
import { settleTimeouts, showTimeouts } from './settle-timeouts.ts'
import { settleTracestate } from './settle-tracestate.ts'
import type { Decoded } from './shape.ts'
import { optional, type Shown } from './shown.ts'
import type { Ejection, HealthCheck, UpstreamLimits } from './upstream.ts'
import { formatDuration, formatRate, formatSize } from './values.ts'

type DecodedUpstream = Decoded['upstreams'][string]

/** What holds for connections to an upstream. */
export type Connecting = {
  readonly protocol: Protocol
  readonly tls: UpstreamTlsSettings | undefined
  readonly limits: UpstreamLimits
  readonly ejection: Ejection | undefined
  readonly health: HealthCheck | undefined
  readonly retries: number
  readonly resend: 'reused' | 'any'
  readonly resendMethods: 'safe' | 'idempotent'
}

export function settleUpstreams(decoded: Decoded, top: Top): ReadonlyMap<string, UpstreamSettings> {
  const carried = carriedHeaders(decoded.upstreams)
  return new Map(
    Object.entries(decoded.upstreams).map(([name, given]) => [
      name,
      settleUpstream(name, given, top, decoded.baggage, carried)
    ])
  )
}

function settleUpstream(
  name: string,
  given: DecodedUpstream,
  top: Top,
  baggage: Decoded['baggage'],
  carried: ReadonlySet<string>
): UpstreamSettings {
  const external = given.external === true
  const emit = given.emit ?? top.emit
  return {
    name,
    targets: (given.targets ?? []).map(({ url, weight, tags, match }) => ({
      url,
      weight: weight ?? 1,
      tags: new Map(Object.entries(tags ?? {})),
      matches: settleTargetMatches(match, carried)
    })),
    ...settleSplit(given),
    echo: given.echo === true,
    external,
    randomFlag: given['random-flag'] ?? 'keep',
    emit,
    tracestate: settleTracestate(given.tracestate, external, emit),
    baggage: settleBaggage([given.baggage, baggageOfTop(baggage, external)], top.carriers, emit),
    timeouts: settleTimeouts(given.timeouts),
    ...settleConnecting(given)
  }
}

function settleConnecting({ protocol, tls, retries, resend, ...given }: DecodedUpstream): Connecting {
  return {
    protocol: protocol ?? 'http1',
    tls: tls && { ...tls, serverName: tls['server-name'], verify: tls.verify ?? true },
    limits: settleLimits(given.limits),
    ejection: settleEjection(given.ejection),
    health: settleHealth(given.health),
    retries: retries ?? 1,
    resend: resend ?? 'reused',
    resendMethods: given['resend-methods'] ?? 'safe'
  }
}

function settleLimits(given: DecodedUpstream['limits']): UpstreamLimits {
  return {
    connections: given?.connections ?? 256,
    pending: given?.pending ?? 1024,
    connectionAgeMs: given?.['connection-age'] ?? 300_000,
    // Less than most servers do, so that they rarely close first.
    keepAliveMs: given?.['keep-alive'] ?? 4_000,
    header: given?.header ?? 64 * 1024
  }
}

function settleEjection(given: DecodedUpstream['ejection']): Ejection | undefined {
  if (given === 'none') return undefined
  return { failures: given?.failures ?? 5, forMs: given?.for ?? 30_000, most: given?.most ?? 0.1 }
}

function settleHealth(given: DecodedUpstream['health']): HealthCheck | undefined {
  if (given === undefined) return undefined
  return {
    path: given.path,
    everyMs: given.every ?? 5_000,
    timeoutMs: given.timeout ?? 1_000,
    healthy: given.healthy ?? 2,
    unhealthy: given.unhealthy ?? 3
  }
}

export function showUpstream(upstream: UpstreamSettings): Shown {
  const where = upstream.echo
    ? { echo: true }
    : {
        targets: upstream.targets.map(({ url, weight, tags, matches }) => ({
          url: url.origin,
          weight,
          tags: Object.fromEntries(tags),
          ...showTargetMatches(matches)
        })),
        ...showSplit(upstream)
      }
  return {
    ...where,
    ...(upstream.external ? { external: true } : {}),
    emit: upstream.emit,
    'random-flag': upstream.randomFlag,
    tracestate: upstream.tracestate,
    baggage: showBaggage(upstream.baggage),
    timeouts: showTimeouts(upstream.timeouts),
    ...showConnecting(upstream)
  }
}

function showConnecting(connecting: Connecting): Shown {
  const { protocol, tls, limits, ejection, health, retries, resend, resendMethods } = connecting
  return {
    protocol,
    ...optional('tls', tls && showTls(tls)),
    limits: showLimits(limits),
    ejection: ejection === undefined ? 'none' : showEjection(ejection),
    ...optional('health', health && showHealth(health)),
    retries,
    resend,
    'resend-methods': resendMethods
  }
}

function showTls({ ca, cert, key, serverName, verify }: UpstreamTlsSettings): Shown {
  return {
    ...optional('ca', ca),
    ...(cert === undefined ? {} : { cert, key }),
    ...optional('server-name', serverName),
    verify
  }
}

function showLimits({ connections, pending, connectionAgeMs, keepAliveMs, header }: UpstreamLimits): Shown {
  return {
    connections,
    pending,
    'connection-age': formatDuration(connectionAgeMs),
    'keep-alive': formatDuration(keepAliveMs),
    header: formatSize(header)
  }
}

function showEjection({ failures, forMs, most }: Ejection): Shown {
  return { failures, for: formatDuration(forMs), most: formatRate(most) }
}

function showHealth({ path, everyMs, timeoutMs, healthy, unhealthy }: HealthCheck): Shown {
  return { path, every: formatDuration(everyMs), timeout: formatDuration(timeoutMs), healthy, unhealthy }
}
