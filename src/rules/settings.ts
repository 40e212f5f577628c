// Rules with every default filled in and every precedence settled, still as plain data with names: the types.
import type { Parent, Policy, Precedence, Trust } from '../mediate/policy.ts'
import type { Where } from '../route/first.ts'
import type { Match } from '../route/match.ts'
import type { Adaptive } from '../samplers/adaptive.ts'
import type { Limit } from '../samplers/tokens.ts'
import type { Address } from './address.ts'
import type { Drain, Limits, ListenLimits, ListenTimeouts, Overload } from './limits.ts'
import type { Protocol, Tls } from './listener.ts'
import type { PlainMap } from './plain-map.ts'
import type { Range } from './ranges.ts'
import type { ResponseField, RouteTimeouts, Rules, Upgrade } from './rules.ts'
import type { SecretSettings } from './secret.ts'
import type { Connecting } from './settle-upstream.ts'
import type { Split, TargetMatch } from './split.ts'
import type { Timeouts } from './upstream.ts'

export type BaggageSettings = {
  readonly accept: readonly string[]
  readonly emit: readonly string[]
  readonly allow: readonly string[] | 'all'
  readonly maxBytes: number
}

/** How a listener speaks TLS; paths as written. */
export type TlsSettings = {
  /** The first is for callers who ask for no name that another is for. */
  readonly certificates: readonly { readonly cert: string; readonly key: string }[]
  readonly clientCa: string | undefined
  readonly client: Tls['client']
}

export type ListenSettings = Address & {
  readonly tls: TlsSettings | undefined
  readonly protocols: readonly Protocol[]
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
}

/** All that is given must hold. */
export type TrustSettings = {
  readonly from: Range
  /** As in a rule file; one of them must be the caller's. */
  readonly identities: readonly string[] | undefined
  readonly origins: readonly string[] | undefined
  readonly secret: SecretSettings | undefined
  readonly context: Trust
}

export type SamplerSettings = {
  readonly rate: number
  /** In place of `rate`. */
  readonly adaptive: Adaptive | undefined
  /** Of what those keep; undefined for any number. Who has it from the same place shares it. */
  readonly atMost: Limit | undefined
}

export type SamplingSettings = SamplerSettings & { readonly parent: Parent }

/** What is kept after all. */
export type KeepSettings = { readonly errors: Limit; readonly slow: Limit; readonly slowerThanMs: number }

export type BoostSettings = { readonly requests: number; readonly forMs: number; readonly atMost: Limit }

/** `header` in lower case. */
export type ForceSettings = { readonly header: string; readonly atMost: Limit }

/** What is kept of failed and slow requests, to replay them; `body` in bytes. */
export type CaptureSettings = { readonly headers: readonly string[]; readonly body: number }

export type CorsSettings = {
  readonly origins: readonly string[]
  readonly credentials: boolean
  readonly mode: 'answer' | 'amend'
  readonly headers: readonly string[] | 'any'
  readonly methods: readonly string[] | 'any'
  readonly expose: readonly string[]
  readonly maxAgeMs: number
}

export type TargetSettings = {
  readonly url: URL
  readonly weight: number
  readonly tags: ReadonlyMap<string, string>
  /** One of them must hold. */
  readonly matches: readonly TargetMatch[]
}

/** How an upstream is spoken TLS with; paths as written. */
export type UpstreamTlsSettings = {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly serverName: string | undefined
  readonly verify: boolean
}

export type UpstreamSettings = Connecting & {
  readonly name: string
  readonly targets: readonly TargetSettings[]
  readonly echo: boolean
  /** Somebody else runs it. */
  readonly external: boolean
  readonly randomFlag: Policy['randomFlag']
  readonly emit: readonly string[]
  /** Keys of members, or all. */
  readonly tracestate: readonly string[] | 'all'
  readonly baggage: BaggageSettings
  readonly timeouts: Timeouts
} & Omit<Split, 'matches'>

/** On which side of a foreign hop a route is: `both` is between two. */
export type Restore = 'no' | 'store' | 'take' | 'both'

export type RouteSettings = {
  readonly name: string
  readonly match: Match
  /** Names and labels come from the path of each request, its ids taken out. */
  readonly converge: boolean
  readonly paths: FrontSettings['paths']
  readonly upstream: UpstreamSettings
  readonly accept: readonly string[]
  readonly emit: readonly string[]
  readonly respond: readonly ResponseField[]
  readonly tracestate: UpstreamSettings['tracestate']
  readonly baggage: BaggageSettings
  readonly spans: 'report' | 'none'
  readonly conflict: Precedence
  readonly rpc: Policy['rpc']
  readonly restore: Restore
  readonly sampling: SamplingSettings
  /** Undefined where nothing is kept after all. */
  readonly slowerThanMs: number | undefined
  /** Undefined for off. */
  readonly capture: CaptureSettings | undefined
  readonly cors: CorsSettings | undefined
  readonly upgrade: readonly Upgrade[]
  readonly timeouts: RouteTimeouts
  readonly retries: number
  /** Bytes; undefined for any number. */
  readonly maxBody: number | undefined
}

/** A package with a propagator, which of its exports it is where that is to be said, and what that is given. */
export type AdapterSettings = {
  readonly package: string
  readonly export: string | undefined
  readonly options: PlainMap | undefined
}

/** Of any request, before a route is looked for. */
export type FrontSettings = Pick<Rules['front'], 'paths' | 'underscores'> & {
  /** Undefined where trust decides on X-Forwarded-*. */
  readonly proxies: readonly Range[] | undefined
}

export type Settings = {
  readonly service: Rules['service']
  readonly front: FrontSettings
  readonly listen: readonly ListenSettings[]
  readonly workers: Rules['workers']
  readonly limits: Limits
  /** Bytes; undefined for any number. */
  readonly maxBody: number | undefined
  readonly drain: Drain
  readonly overload: Overload | undefined
  readonly admin: Address & { readonly token: string | undefined }
  readonly trust: readonly TrustSettings[]
  /** Those that the rules bring along. */
  readonly dialects: ReadonlyMap<string, AdapterSettings>
  readonly accept: readonly string[]
  readonly emit: readonly string[]
  readonly conflict: Precedence
  readonly respond: readonly ResponseField[]
  readonly baggage: BaggageSettings
  readonly spans: 'report' | 'none'
  readonly sampling: SamplingSettings
  /** How many traces callers can force; undefined for any number. */
  readonly samplingLimit: Limit | undefined
  readonly samplingRules: readonly ({ readonly match: Match; readonly where: Where } & SamplingSettings)[]
  readonly samplingKeep: KeepSettings | undefined
  readonly samplingBoost: BoostSettings | undefined
  readonly samplingForce: ForceSettings | undefined
  readonly capture: CaptureSettings | undefined
  /** How many captured requests are held. */
  readonly captureKeep: number
  readonly exporters: Rules['exporters']
  readonly accessLog: Rules['accessLog']
  readonly tags: Rules['tags']
  readonly cors: CorsSettings | undefined
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>
  readonly routes: readonly RouteSettings[]
}

/** What a route is called by where it has no name, and in spans. */
export function templateOf(match: Match): string {
  return match.path ?? '/**'
}
