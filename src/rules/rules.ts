// The rules in force, compiled: live values in place of names, frozen, replaced whole on reload.
import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { Read } from '../dialects/dialect.ts'
import type { Policy, SamplingPlan, Trust } from '../mediate/policy.ts'
import type { Match, Target as MatchTarget } from '../route/match.ts'
import type { Drain, Limits, ListenLimits, ListenTimeouts, Overload } from './limits.ts'

export type Listen = { readonly host: string; readonly port: number }

/** What is spoken on a connection; `http1` is 1.0 and 1.1. */
export type Protocol = 'http1' | 'h2'

export type Listener = Listen & {
  readonly tls: Tls | undefined
  /** What callers may speak. */
  readonly protocols: readonly Protocol[]
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
}

/** What a listener speaks TLS with, its files read. */
export type Tls = {
  /** Those of the default certificate: for who asks for no name, or for one that none is for. */
  readonly options: SecureContextOptions
  /** By the server name that a caller asks for, undefined for the default one. Never throws. */
  readonly choose: (name: string) => SecureContext | undefined
  /** Whether callers are asked for a certificate, and refused without a valid one. */
  readonly client: 'none' | 'ask' | 'require'
  /** The default one first. */
  readonly certificates: readonly Certificate[]
}

export type Certificate = {
  /** DNS names in lower case, `*.` in front of some. */
  readonly names: readonly string[]
  /** Milliseconds since the Unix epoch, after which callers refuse it. */
  readonly until: number
}

/** Milliseconds. */
export type Timeouts = {
  readonly connect: number
  readonly firstByte: number
  readonly idle: number
  /** Without a byte in either direction of an upgraded connection; 0 for never. */
  readonly upgradeIdle: number
}

export type RouteTimeouts = Timeouts & {
  /** For a request to arrive; undefined for that of the listener. */
  readonly request: number | undefined
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

/** Something that a request says of itself; `name` is in lower case, but of cookies and queries as written. */
export type Trait = { readonly in: 'header' | 'cookie' | 'query' | 'baggage'; readonly name: string }

/** What sends a request to some targets, whatever the weights say; all of it must hold. */
export type TargetMatch = {
  readonly says: readonly (readonly [trait: Trait, value: string])[]
  /** A share, 0 to 1, of all that a key may be: one and the same of it for ever, and of a larger share. */
  readonly portion: { readonly key: Trait; readonly share: number } | undefined
  /** Who is listened to: strangers can choose nothing by what is for `believed` ones. */
  readonly callers: 'believed' | 'any'
}

/** A match and whom it is for: targets of one side. */
export type Chosen = TargetMatch & {
  readonly side: string
  /** By their place among the targets of the upstream. */
  readonly among: ReadonlySet<number>
}

/** How a request says downstream what side it was meant for; `header` in lower case. */
export type Carry = { readonly baggage: string | undefined; readonly header: string | undefined }

/** How requests are split between the sides of an upstream, but for the weights. */
export type Split = {
  /** The first of which all holds goes before the weights: the most particular ones are first. */
  readonly matches: readonly Chosen[]
  /** Who has this is of one side, as long as the weights stay. */
  readonly sticky: Trait | undefined
  readonly carry: Carry | undefined
  /** Which sides may serve what is meant for another one that cannot. */
  readonly fallback: ReadonlySet<string> | 'any'
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
  readonly health: HealthCheck | undefined
  readonly split: Split
}

export type Cors = {
  /** Whether a page of this Origin may read answers. */
  readonly allows: (origin: string) => boolean
  readonly credentials: boolean
  /** `answer` preflights here, or `amend` what the upstream says. */
  readonly mode: 'answer' | 'amend'
  /** Fields of the accepted dialects (and baggage), as sent. */
  readonly dialectFields: readonly string[]
  /** Lower-case names a page may send besides; `any` lets it send what it asks for. */
  readonly headers: ReadonlySet<string> | 'any'
  readonly methods: readonly string[] | 'any'
  /** Response fields that a page may read, `traceresponse` included where the route answers with it. */
  readonly expose: readonly string[]
  readonly maxAgeSeconds: number
}

export type ResponseField = 'server-timing' | 'traceresponse'

/** By its name in the Upgrade field. */
export type Upgrade = 'websocket'

export type Route = {
  readonly name: string
  /** The path template, as spans and metrics name it (`http.route`). */
  readonly template: string
  /** The template of one request on a route that takes any path; undefined where all go by the route's own. */
  readonly names: ((path: string, status: number) => string) | undefined
  readonly match: Match
  readonly paths: Front['paths']
  readonly upstream: Upstream
  readonly policy: Policy
  /** From how many milliseconds on a request is slow; undefined where nothing is kept after all. */
  readonly slowerThanMs: number | undefined
  /** Undefined where nothing is captured. */
  readonly capture: CaptureRule | undefined
  readonly cors: Cors | undefined
  readonly respond: readonly ResponseField[]
  /** What callers may speak instead of HTTP, once an upstream has agreed. */
  readonly upgrade: readonly Upgrade[]
  readonly timeouts: RouteTimeouts
  /** How often a request may be sent again. */
  readonly retries: number
  /** Bytes of a request's body; undefined for any number. */
  readonly maxBody: number | undefined
} & RouteSampling

/** What is kept of failed and slow requests, to replay them. Names in lower case. */
export type CaptureRule = {
  readonly headers: ReadonlySet<string>
  /** Fields whose values are not kept, even if they are among `headers`. */
  readonly secrets: ReadonlySet<string>
  /** First bytes of each body; 0 for none. */
  readonly body: number
}

/** Tags of a target. */
export type Tags = ReadonlyMap<string, string>

/** Which tags of targets name the release and the version: labels and attributes are called by them. */
export type TagNames = { readonly service: string; readonly version: string }

/** Who decides on a route. */
export type RouteSampling = {
  /**
   * The plan for one request, and the target that will serve it: the first sampling rule that matches, else the
   * route's own.
   */
  readonly sampling: (target: MatchTarget, tags: Tags) => SamplingPlan
  /** The share of new traces that the route's own plan keeps now, 0 to 1; by `service.tag` where it differs, else ''. */
  readonly rates: () => readonly (readonly [tag: string, rate: number])[]
  /** To be told that a request failed on a target of these tags. */
  readonly failed: (tags: Tags) => void
}

/** What is kept after all: each asked once for a request that it would keep; false when the budget is used up. */
export type KeepBudgets = { readonly errors: () => boolean; readonly slow: () => boolean }

/** Settings of one exporter; `kind` is the name of its file in exporters/. */
export type ExporterSettings =
  | {
      readonly kind: 'otlp' | 'otlp-json' | 'zipkin' | 'skywalking'
      /** `otlp`, or `otlp-2` for a second one: the `exporter` label of metrics. */
      readonly name: string
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      readonly compression: 'gzip' | 'none'
      readonly timeoutMs: number
    }
  | { readonly kind: 'console'; readonly name: string }

export type AccessLogSettings = {
  readonly format: 'json'
  /** `stdout`, `stderr`, `none`, or a file's path. */
  readonly to: string
  /** The share of requests that have a line, 0 to 1. */
  readonly rate: number
}

/** What a caller shows of itself, for trust to judge. */
export type Credentials = {
  /** Of the peer's socket, IPv4-mapped forms included. */
  readonly address: string
  readonly read: Read
  /** What its verified certificate calls it: URIs, then DNS names, then `CN=…`; empty without one. */
  readonly identities: readonly string[]
  readonly method: string
  /** The request target as sent, with its query. */
  readonly target: string
  /** Milliseconds since the Unix epoch by the wall clock, which callers sign by; asked for signatures alone. */
  readonly now: () => number
}

/** Whom trust takes the caller for. */
export type Verdict = {
  readonly context: Trust
  /** Its X-Forwarded-* are believed too: it is a proxy of ours. */
  readonly forwarding: boolean
  /** Which entry of `trust` it was, from 0; undefined when none held. */
  readonly entry: number | undefined
}

/** Of any request, before a route is looked for. */
export type Front = {
  /** What the gateway is called in Via: a token. */
  readonly pseudonym: string
  /** Whether an address is a proxy in front; undefined where trust decides on X-Forwarded-*. */
  readonly isProxy: ((address: string) => boolean) | undefined
  /** Whether a path that can be read as that of another route is refused. */
  readonly paths: 'strict' | 'raw'
  /** What becomes of field names with underscores. */
  readonly underscores: 'drop' | 'drop-all' | 'reject' | 'allow'
  /** As `find`, for a path as `readingsOf` gives it. */
  readonly findRead: (target: MatchTarget) => Route | undefined
}

export type Rules = {
  readonly service: { readonly name: string; readonly version: string; readonly instance: string }
  readonly listen: readonly Listener[]
  /** How many processes serve; `auto` for one on each core. */
  readonly workers: number | 'auto'
  readonly limits: Limits
  readonly drain: Drain
  readonly overload: Overload | undefined
  readonly admin: Listen & { readonly token: string | undefined }
  readonly trust: (shown: Credentials) => Verdict
  readonly front: Front
  readonly exporters: readonly ExporterSettings[]
  readonly accessLog: AccessLogSettings
  readonly tags: TagNames
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly routes: readonly Route[]
  /** The most specific route for a request; the cost does not grow with the number of routes. */
  readonly find: (target: MatchTarget) => Route | undefined
  /** For a request that no route takes: its trace is followed all the same, to be found by. */
  readonly unrouted: Pick<Route, 'policy' | 'sampling'>
  readonly keep: KeepBudgets
  /** How many captured requests are held, and whether there is time for one more. */
  readonly captures: { readonly keep: number; readonly take: () => boolean }
  /** The field, in lower case, by which believed callers force a trace; others may not send it on. */
  readonly forceHeader: string | undefined
  /** The rules as written, every default filled in and every secret left as its reference; for people. */
  readonly effective: Readonly<Record<string, unknown>>
}

/** One complaint about a rule file; `line` and `column` count from 1. */
export type Complaint = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `.routes[0].upstream` */
  readonly path: string
  readonly message: string
}
