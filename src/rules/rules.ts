// The rules in force, compiled: live values in place of names, frozen, replaced whole on reload.
import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { Read } from '../dialects/dialect.ts'
import type { Policy, SamplingPlan, Trust } from '../mediate/policy.ts'
import type { Match, Target as MatchTarget } from '../route/match.ts'

export type Listen = { readonly host: string; readonly port: number }

export type Listener = Listen & { readonly tls: Tls | undefined }

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
export type Timeouts = { readonly connect: number; readonly firstByte: number; readonly idle: number }

export type UpstreamTarget = {
  /** scheme://host:port, nothing behind. */
  readonly origin: string
  readonly host: string
  readonly port: number
  readonly weight: number
  readonly tags: ReadonlyMap<string, string>
}

export type Upstream = {
  readonly name: string
  /** Empty when `echo`. */
  readonly targets: readonly UpstreamTarget[]
  /** Embedded: the gateway itself answers with what it received. */
  readonly echo: boolean
  readonly timeouts: Timeouts
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

export type Route = {
  readonly name: string
  /** The path template, as spans and metrics name it (`http.route`). */
  readonly template: string
  /** The template of one request on a route that takes any path; undefined where all go by the route's own. */
  readonly names: ((path: string, status: number) => string) | undefined
  readonly match: Match
  readonly upstream: Upstream
  readonly policy: Policy
  /** From how many milliseconds on a request is slow; undefined where nothing is kept after all. */
  readonly slowerThanMs: number | undefined
  /** Undefined where nothing is captured. */
  readonly capture: CaptureRule | undefined
  readonly cors: Cors | undefined
  readonly respond: readonly ResponseField[]
  readonly timeouts: Timeouts
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

export type Rules = {
  readonly service: { readonly name: string; readonly version: string; readonly instance: string }
  readonly listen: readonly Listener[]
  readonly admin: Listen & { readonly token: string | undefined }
  readonly trust: (shown: Credentials) => Verdict
  readonly exporters: readonly ExporterSettings[]
  readonly accessLog: AccessLogSettings
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
