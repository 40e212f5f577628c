// What a span is when it leaves the gateway, and what turns spans into bytes.
// An exporter is pure: spans in, bytes out. Queues, retries and sockets are written once, in report/.

export type Attribute = string | number | boolean | readonly string[]

export type Link = {
  readonly traceId: string
  readonly spanId: string
  /** Why the gateway links instead of continuing: `restarted`, `conflict`. */
  readonly reason: string
  readonly dialect: string
}

/** One finished span. */
export type Span = {
  /** 32 lower-case hex digits. */
  readonly traceId: string
  /** 16 lower-case hex digits. */
  readonly spanId: string
  readonly parentId: string | undefined
  /** The parent is in another process (OTLP `SPAN_FLAGS_CONTEXT_IS_REMOTE`). */
  readonly parentIsRemote: boolean
  readonly tracestate: string
  /** W3C trace-flags of this span. */
  readonly flags: number
  readonly kind: 'server' | 'client'
  readonly name: string
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly start: number
  readonly end: number
  readonly error: boolean
  /** Flat: name, value, name, value. Semantic conventions of OpenTelemetry. */
  readonly attributes: readonly Attribute[]
  readonly links: readonly Link[] | undefined
}

/** Who reports: the OpenTelemetry resource. */
export type Resource = {
  readonly service: string
  readonly version: string
  readonly instance: string
}

/** Encodes spans for one kind of back end. */
export type Exporter = {
  /** As in rules and in the `exporter` label of metrics. */
  readonly name: string
  readonly contentType: string
  readonly encode: (spans: readonly Span[], resource: Resource) => Buffer
  /** How many spans of an accepted batch the back end refused (OTLP partial success); undefined when it cannot say. */
  readonly rejected: ((answer: Buffer) => number) | undefined
}
