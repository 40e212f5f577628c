// Where requests go, compiled: targets, connections to them, and when one is left out. Must not connect.
import type { SecureContextOptions } from 'node:tls'
import type { Protocol } from './listener.ts'
import type { Split } from './split.ts'

export type Upstream = {
  readonly name: string
  /** Empty when `echo`. */
  readonly targets: readonly UpstreamTarget[]
  /** Embedded: the gateway itself answers with what it received. */
  readonly echo: boolean
  readonly protocol: Protocol
  readonly timeouts: Timeouts
  readonly tls: UpstreamTls | undefined
  readonly limits: UpstreamLimits
  /** Undefined where no target is ever left out for its failures. */
  readonly ejection: Ejection | undefined
  /** Which safe requests that were lost are sent again: those on a connection that was used before, or any. */
  readonly resend: 'reused' | 'any'
  /** Which those are: what reads alone, or whatever may be done twice. */
  readonly resendMethods: 'safe' | 'idempotent'
  readonly health: HealthCheck | undefined
  readonly split: Split
}

export type UpstreamTarget = {
  /** scheme://host:port, nothing behind. */
  readonly origin: string
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly tags: ReadonlyMap<string, string>
  /** What the tags of the release and of the version say; '' where there is none. */
  readonly serviceTag: string
  readonly version: string
  /** Requests are split between sides, then handed to the targets of one: its release, or its version; '' for neither. */
  readonly side: string
}

/** Milliseconds. */
export type Timeouts = {
  readonly connect: number
  readonly firstByte: number
  readonly idle: number
  /** Without a byte in either direction of an upgraded connection; 0 for never. */
  readonly upgradeIdle: number
}

/** What an upstream is spoken TLS with, its files read. */
export type UpstreamTls = {
  readonly options: SecureContextOptions & { readonly rejectUnauthorized: boolean }
  /** In place of the target's host. */
  readonly serverName: string | undefined
  /** Another one for everything that differs: connections are kept apart by it. */
  readonly identity: string
}

/** For each target. */
export type UpstreamLimits = {
  readonly connections: number
  /** Requests that wait for a connection. */
  readonly pending: number
  readonly connectionAgeMs: number
  /** Without a request, where the target does not say. */
  readonly keepAliveMs: number
  /** Bytes of an answer's header. */
  readonly header: number
}

/** When a target is left out. */
export type Ejection = {
  /** In a row. */
  readonly failures: number
  readonly forMs: number
  /** The share of targets, 0 to 1, that may be out at once. */
  readonly most: number
}

export type HealthCheck = {
  readonly path: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly healthy: number
  readonly unhealthy: number
}
