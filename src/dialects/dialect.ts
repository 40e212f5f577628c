// What a dialect is. Each is one file beside this one and one line in index.ts.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import type { Hop } from '../trace/hop.ts'

/**
 * Reads one header field of a request: lines of one name joined by a comma, OWS trimmed, undefined when absent.
 * The name is given in lower case.
 */
export type Read = (field: string) => string | undefined

/** What is left of a context after a trip over this wire; the README's loss table is made from it. */
export type Carries = {
  /** What each wish arrives as. A wire without `defer` needs the gateway to decide first. */
  readonly sampling: Readonly<Record<Sampling, Sampling>>
  /**
   * What a dropped trace leaves on the wire: its `context`, the `decision` alone, or `nothing`, where whoever reads
   * a context samples it whatever it says.
   */
  readonly dropped: 'context' | 'decision' | 'nothing'
  /** Digits of a trace id that fit: a wider one loses its high half. */
  readonly traceIdBits: 64 | 128
  /**
   * The id of the span that calls: on the wire, or to be worked out from it. `transparent`: only where a hop does not
   * show, and then its parent's too; who shows is named by its path, as on a wire that `never` has one.
   */
  readonly spanId: 'always' | 'transparent' | 'never'
  readonly parentId: boolean
  /** A 64-bit trace id comes back as 64 bits. */
  readonly width: boolean
  readonly random: boolean
  readonly tracestate: boolean
}

/**
 * What a dialect keeps of itself in W3C tracestate, so that a later gateway gives it back whole.
 * https://www.w3.org/TR/trace-context-2/#tracestate-header
 */
export type Member = {
  readonly key: string
  /** The value for what a context's residue holds of this dialect; undefined when that is nothing. */
  readonly write: (context: TraceContext, hop: Hop) => string | undefined
  /** The residue that a value gives back; undefined when it belongs to another dialect, or to another trace. */
  readonly read: (value: string, context: TraceContext) => Residue | undefined
}

/** One trace-context dialect: bytes to context. Pure, and never throws, whatever the bytes. */
export type Reader = {
  /** As in rules, metrics and logs. */
  readonly name: string
  /** Its place in the default `accept`: lower comes first. */
  readonly rank: number
  /**
   * The year in which the form that is read here came into use. Where two dialects name different traces, the later
   * one is the less likely to be left over from before a migration.
   */
  readonly born: number
  /** Every header field that it reads or writes, in the case it is sent in. */
  readonly fields: readonly string[]
  /** Dialects that are not asked when this one was spoken well: two encodings of one thing. */
  readonly supersedes: readonly string[]
  readonly carries: Carries
  /** Undefined where nothing is left to keep. Several dialects may share a key. */
  readonly member: Member | undefined
  readonly extract: (read: Read) => Received
}

/** A dialect that is written too: context to bytes. */
export type Dialect = Reader & {
  /** Its wire names the gateway's segment: span ids of the gateway are then derived from that segment. */
  readonly segments: boolean
  /** Appends name and value pairs to `set`, flat, as node:http takes them. */
  readonly inject: (context: TraceContext, set: string[], hop: Hop) => void
  /** The same for a wish without a trace; undefined where the wire has no form for it. */
  readonly injectDecision: ((sampling: Sampling, set: string[]) => void) | undefined
  /** The trace id as this dialect's own back ends show it. */
  readonly traceIdText: (context: TraceContext) => string
}

/** A dialect that only others may write: its fields go on as they came, and no rule can name it in `emit`. */
export type Relayed = Reader & { readonly inject: undefined }

/** What rules can name in `accept`. */
export type Accepted = Dialect | Relayed
