// Everything that the bench finds out, as plain data: what the report and the chart are made from, then and later.

/** One contender under one load; a value for each round. */
export type Cost = {
  readonly contender: string
  readonly load: string
  /** Of CPU time, user and system, for each request. */
  readonly microseconds: readonly number[]
  /** Requests. */
  readonly perSecond: readonly number[]
  /** Resident after the last round. */
  readonly mib: number
  /** Why there is nothing, or no more. */
  readonly failed?: string
}

export type Machine = {
  readonly cores: number
  readonly cpu: string
  readonly kernel: string
  readonly node: string
  readonly commit: string
  /** Contenders had a core for themselves. */
  readonly pinned: boolean
  readonly date: string
}

export type PeerNote = {
  readonly name: string
  readonly version: string
  readonly settings: string
  /** Why it did not run. */
  readonly missing?: string
}

/** Values of each round, in whatever unit its place says. */
export type Named = { readonly name: string; readonly values: readonly number[] }

export type SpanCost = {
  readonly name: string
  readonly recordNs: readonly number[]
  readonly encodeNs: readonly number[]
  /** Of one span. */
  readonly bytes: number
  readonly packedBytes: number
}

/** At a fixed rate; a value for each round. */
export type Latency = {
  readonly contender: string
  readonly p50: readonly number[]
  readonly p99: readonly number[]
  readonly mib: number
  readonly failed: number
}

/** What became of the spans of a gateway: one that drops them would pass for a cheap one. */
export type Sent = {
  readonly contender: string
  readonly exported: number
  readonly rejected: number
  readonly dropped: number
}

/** One curve: what grows, and what a request then costs. */
export type Curve = {
  readonly name: string
  readonly what: string
  readonly points: readonly {
    readonly at: number
    readonly label: string
    readonly cost: Cost
    /** The bare pipe under the same load, where the load is what grows. */
    readonly pipe?: Cost
  }[]
}

export type Idle = {
  readonly connections: number
  readonly beforeMiB: number
  readonly mib: number
  /** Milliseconds of CPU time in a second, without and with them. */
  readonly restCpu: number
  readonly idleCpu: number
  /** What a request costs without and with them. */
  readonly curve: Curve
}

export type Start = {
  readonly name: string
  /** From spawning to the first answered request. */
  readonly milliseconds: readonly number[]
  /** A second later. */
  readonly mib: number
  readonly failed?: string
}

/** Shares of CPU samples, in percent. */
export type Share = { readonly name: string; readonly percent: number }
export type Profile = {
  readonly seconds: number
  readonly rooms: readonly Share[]
  readonly files: readonly Share[]
  readonly functions: readonly Share[]
}

/** A part that could not be measured. */
export type Failed = { readonly failed: string }

export type Numbers = {
  readonly machine: Machine
  readonly heart: readonly Named[]
  readonly spans: readonly SpanCost[]
  readonly scrape: readonly { readonly routes: number; readonly ms: readonly number[]; readonly mb: number }[]
  /** Nanoseconds of a lookup; `name` is the number of routes. */
  readonly lookup: readonly Named[]
  readonly peers: readonly PeerNote[]
  /** Microseconds of a small GET that load and upstream take together. */
  readonly around: readonly number[]
  readonly costs: readonly Cost[]
  readonly sent: readonly Sent[]
  readonly latency: { readonly perSecond: number; readonly of: readonly Latency[] }
  readonly curves: readonly Curve[]
  readonly idle: Idle | Failed
  readonly starts: readonly Start[]
  readonly profile: Profile | Failed
}
