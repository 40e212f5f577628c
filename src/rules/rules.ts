// The rules in force, compiled: live values in place of names, frozen, replaced whole on reload.
import type { Read } from '../dialects/dialect.ts'
import type { Policy, SamplingPlan, Trust } from '../mediate/policy.ts'
import type { Match, Target as MatchTarget } from '../route/match.ts'
import type { Drain, Limits, Overload } from './limits.ts'
import type { Listen, Listener } from './listener.ts'
import type { Timeouts, Upstream } from './upstream.ts'

export type RouteTimeouts = Timeouts & {
  /** For a request to arrive; undefined for that of the listener. */
  readonly request: number | undefined
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
