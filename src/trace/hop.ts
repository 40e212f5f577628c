// What this gateway is in a trace beyond its span: some dialects name the caller, or count its calls.

/** One attempt of this gateway at an upstream. Texts are never empty. */
export type Call = {
  /** The gateway, as its spans name it. */
  readonly service: string
  readonly instance: string
  /** Operation name of the gateway's entry: `GET:/orders/{id}`. */
  readonly endpoint: string
  /** host:port of the upstream, as the attempt's span names it. */
  readonly peer: string
  /** 1 for the first attempt of a request, 2 for the next: SkyWalking's exit span index, EagleEye's call number. */
  readonly number: number
}

/** A call, and how the gateway shows in its trace. */
export type Hop = Call & {
  /** SkyWalking's name for this request's part of the trace: 32 lower-case hex digits, or '' where it has none. */
  readonly segmentId: string
  /** The gateway does not show in path ids: the caller's go on as they are. */
  readonly transparent: boolean
}
