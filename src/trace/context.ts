// What trace headers can say, whatever dialect they are written in.
// Plain data: made by literals, never mutated.

/**
 * The caller's wish for this trace. `defer` (you decide) is not `drop`, and `debug` (keep it past every
 * limit) is not `keep`: most converters fold the four into two and change a trace's fate.
 * https://github.com/openzipkin/b3-propagation#sampling-state
 */
export type Sampling = 'keep' | 'drop' | 'defer' | 'debug'

/** What one dialect alone understands, by its own names: relayed, read by no other dialect. */
export type Residue = ReadonlyMap<string, string>

/** A place in a trace: the trace and the span that whoever reads this becomes a child of. */
export type TraceContext = {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** The parent of `spanId`, where the dialect carries it: 16 lower-case hex digits, not all zero. */
  readonly parentId: string | undefined
  readonly sampling: Sampling
  /** The width of the trace id on the wire it came by; a 64-bit id goes on as 64 bits. */
  readonly bits: 64 | 128
  /** W3C level 2: the low 56 bits of the trace id are random. https://www.w3.org/TR/trace-context-2/#random-trace-id-flag */
  readonly random: boolean
  /** A valid W3C tracestate list, or '' for none. https://www.w3.org/TR/trace-context-2/#tracestate-header */
  readonly tracestate: string
  readonly residue: Residue | undefined
}

/** What one dialect found in the headers of a request. */
export type Received =
  /** Nothing to continue: `absent`, or why the bytes are malformed. */
  | { readonly kind: 'none'; readonly reason: string; readonly malformed: boolean }
  /** A wish without a trace: `b3: 0`. */
  | { readonly kind: 'decision'; readonly sampling: Sampling; readonly residue: Residue | undefined }
  /** A trace without a span to be the parent: X-Ray `Root=` alone. */
  | { readonly kind: 'trace'; readonly trace: Omit<TraceContext, 'spanId' | 'parentId'> }
  /** A whole context; `discarded` says what was left out of it, and why. */
  | { readonly kind: 'context'; readonly context: TraceContext; readonly discarded: string | undefined }

/** The dialect was not spoken at all. */
export const absent: Received = { kind: 'none', reason: 'absent', malformed: false }

/** The dialect was spoken, but not in a way that can be continued; `reason` is low in cardinality. */
export function malformed(reason: string): Received {
  return { kind: 'none', reason, malformed: true }
}

/** The fields are there, but it is another dialect that speaks in them: nothing is wrong with the bytes. */
export function foreign(reason: string): Received {
  return { kind: 'none', reason, malformed: false }
}
