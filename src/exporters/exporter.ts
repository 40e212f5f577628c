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

/** Who called, as a sw8 that came in says it. Texts as they came; empty where it was silent. */
export type SegmentParent = {
  readonly traceId: string
  readonly segmentId: string
  readonly index: number
  readonly service: string
  readonly instance: string
  readonly endpoint: string
  /** By what address the caller called the gateway. */
  readonly peer: string
}

/** A span's place in what SkyWalking holds together: the spans of one request. */
export type Segment = {
  /** As the sw8 that went out names it: 32 lower-case hex digits. */
  readonly id: string
  /** 0 for the server span, then the attempts from 1. */
  readonly index: number
  /** In SkyWalking's own form: as it came in, where it did. */
  readonly traceId: string
  /** Operation name of the gateway's entry: `GET:/orders/{id}`. */
  readonly endpoint: string
  /** host:port of the attempt's upstream, exactly as its sw8 said; '' for the server span. */
  readonly peer: string
  /** Undefined unless the caller's span came as sw8. */
  readonly parent: SegmentParent | undefined
  /** The caller wants the trace left out of statistics: sw8-x said so. */
  readonly skipAnalysis: boolean
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
  /** Undefined where no exporter and no emitted dialect knows segments. */
  readonly segment: Segment | undefined
}

/** Who reports: the OpenTelemetry resource. */
export type Resource = {
  readonly service: string
  readonly version: string
  readonly instance: string
}

/** A body, and where below the exporter's URL it goes. */
export type Message = { readonly path: string; readonly body: Buffer }

/** What a back end wants to hear of a gateway that is alive, spans or not. */
export type Heartbeat = {
  readonly contentType: string
  /** At the start, and now and then. */
  readonly introduction: Message
  readonly beat: Message
}

/** Encodes spans for one kind of back end. */
export type Exporter = {
  /** As its file is called. */
  readonly name: string
  readonly contentType: string
  /** Where spans go below the URL of the rules; '' where that is the whole of it. */
  readonly path: string
  readonly encode: (spans: readonly Span[], resource: Resource) => Buffer
  /** How many spans of an accepted batch the back end refused (OTLP partial success); undefined when it cannot say. */
  readonly rejected: ((answer: Buffer) => number) | undefined
  /** Undefined for a back end that hears of spans alone. */
  readonly heartbeat: ((resource: Resource) => Heartbeat) | undefined
}
