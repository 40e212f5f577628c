// Fills in what rules leave out about the connections to an upstream, and shows it to people again.
import type { Ejection, HealthCheck, Protocol, UpstreamLimits } from './rules.ts'
import type { UpstreamTlsSettings } from './settings.ts'
import type { Decoded } from './shape.ts'
import { formatDuration, formatRate, formatSize } from './values.ts'

type DecodedUpstream = Decoded['upstreams'][string]

export type Connecting = {
  readonly protocol: Protocol
  readonly tls: UpstreamTlsSettings | undefined
  readonly limits: UpstreamLimits
  readonly ejection: Ejection | undefined
  readonly health: HealthCheck | undefined
  readonly retries: number
  readonly resend: 'reused' | 'any'
}

export function settleConnecting({
  protocol,
  tls,
  limits,
  ejection,
  health,
  retries,
  resend
}: DecodedUpstream): Connecting {
  return {
    protocol: protocol ?? 'http1',
    tls: tls && { ...tls, serverName: tls['server-name'], verify: tls.verify ?? true },
    limits: {
      connections: limits?.connections ?? 256,
      pending: limits?.pending ?? 1024,
      connectionAgeMs: limits?.['connection-age'] ?? 300_000,
      // Less than most servers do, so that they rarely close first.
      keepAliveMs: limits?.['keep-alive'] ?? 4_000,
      header: limits?.header ?? 64 * 1024
    },
    ejection:
      ejection === 'none'
        ? undefined
        : { failures: ejection?.failures ?? 5, forMs: ejection?.for ?? 30_000, most: ejection?.most ?? 0.1 },
    health: health && {
      path: health.path,
      everyMs: health.every ?? 5_000,
      timeoutMs: health.timeout ?? 1_000,
      healthy: health.healthy ?? 2,
      unhealthy: health.unhealthy ?? 3
    },
    retries: retries ?? 1,
    resend: resend ?? 'reused'
  }
}

type Shown = Readonly<Record<string, unknown>>

/** In the notation of a rule file. */
export function showConnecting({
  protocol,
  tls,
  limits,
  ejection,
  health,
  retries,
  resend
}: Connecting): Shown {
  return {
    protocol,
    ...(tls === undefined ? {} : { tls: showTls(tls) }),
    limits: {
      connections: limits.connections,
      pending: limits.pending,
      'connection-age': formatDuration(limits.connectionAgeMs),
      'keep-alive': formatDuration(limits.keepAliveMs),
      header: formatSize(limits.header)
    },
    ejection:
      ejection === undefined
        ? 'none'
        : {
            failures: ejection.failures,
            for: formatDuration(ejection.forMs),
            most: formatRate(ejection.most)
          },
    ...(health === undefined ? {} : { health: showHealth(health) }),
    retries,
    resend
  }
}

function showTls({ ca, cert, key, serverName, verify }: UpstreamTlsSettings): Shown {
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert, key }),
    ...(serverName === undefined ? {} : { 'server-name': serverName }),
    verify
  }
}

function showHealth({ path, everyMs, timeoutMs, healthy, unhealthy }: HealthCheck): Shown {
  return { path, every: formatDuration(everyMs), timeout: formatDuration(timeoutMs), healthy, unhealthy }
}
