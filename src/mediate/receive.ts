// Listens to every accepted dialect and settles on one word: who is followed, who contradicts, who was garbled.
import type { Dialect, Read } from '../dialects/dialect.ts'
import { absent, malformed as malformedBy, type Received } from '../trace/context.ts'

/** A dialect whose bytes could not be read, and why; both are low in cardinality. */
export type Malformed = { readonly dialect: string; readonly reason: string }

/** A context that names another trace than the one followed. */
export type Conflict = {
  readonly dialect: string
  readonly traceId: string
  readonly spanId: string | undefined
}

/** What the accepted dialects said, taken together. */
export type Arrival = {
  /** Whose word is followed; undefined when nobody said anything. */
  readonly dialect: string | undefined
  readonly received: Received
  readonly malformed: readonly Malformed[]
  readonly conflicts: readonly Conflict[]
}

const nobody: readonly never[] = []
const silence: Arrival = { dialect: undefined, received: absent, malformed: nobody, conflicts: nobody }

/**
 * The first full context wins. A trace without a parent and a lone decision are remembered while later dialects
 * are tried: `b3: 0` must not be lost because `traceparent` is absent. Pure; never throws.
 */
export function receive(read: Read, accept: readonly Dialect[]): Arrival {
  let context: Found<'context'> | undefined
  let trace: Found<'trace'> | undefined
  let decision: Found<'decision'> | undefined
  let malformed: Malformed[] | undefined
  let others: Conflict[] | undefined
  let superseded: readonly string[] = nobody
  for (const dialect of accept) {
    if (superseded.length > 0 && superseded.includes(dialect.name)) continue
    const received = dialect.extract(read)
    if (received === absent) continue
    if (received.kind === 'none') {
      if (received.malformed) {
        malformed ??= []
        malformed.push({ dialect: dialect.name, reason: received.reason })
      }
      continue
    }
    if (dialect.supersedes.length > 0) superseded = [...superseded, ...dialect.supersedes]
    if (received.kind === 'context') {
      if (context === undefined) context = { dialect: dialect.name, received }
      else others = noted(others, dialect.name, received.context.traceId, received.context.spanId)
    } else if (received.kind === 'trace') {
      if (trace === undefined && context === undefined) trace = { dialect: dialect.name, received }
      else others = noted(others, dialect.name, received.trace.traceId, undefined)
    } else if (context === undefined) decision ??= { dialect: dialect.name, received }
  }
  const followed = context ?? trace ?? decision
  if (followed === undefined) {
    if (malformed === undefined) return silence
    const last = malformed[malformed.length - 1]
    return {
      dialect: last?.dialect,
      received: last === undefined ? absent : malformedBy(last.reason),
      malformed,
      conflicts: nobody
    }
  }
  if (context !== undefined && trace !== undefined) {
    others = noted(others, trace.dialect, trace.received.trace.traceId, undefined)
  }
  const received = decided(followed.received, decision?.received)
  return {
    dialect: followed.dialect,
    received,
    malformed: malformed ?? nobody,
    conflicts: others === undefined ? nobody : contradicting(others, received)
  }
}

type Found<Kind> = { readonly dialect: string; readonly received: Extract<Received, { kind: Kind }> }

function noted(
  list: Conflict[] | undefined,
  dialect: string,
  traceId: string,
  spanId: string | undefined
): Conflict[] {
  const conflicts = list ?? []
  conflicts.push({ dialect, traceId, spanId })
  return conflicts
}

/** A context that leaves the decision open takes the one that was said apart from it, with what came with it. */
function decided(received: Received, decision: Received | undefined): Received {
  if (decision?.kind !== 'decision') return received
  const { sampling, residue } = decision
  if (received.kind === 'context' && received.context.sampling === 'defer') {
    const { context } = received
    return { ...received, context: { ...context, sampling, residue: context.residue ?? residue } }
  }
  if (received.kind === 'trace' && received.trace.sampling === 'defer') {
    const { trace } = received
    return { ...received, trace: { ...trace, sampling, residue: trace.residue ?? residue } }
  }
  return received
}

function contradicting(others: readonly Conflict[], received: Received): readonly Conflict[] {
  const traceId =
    received.kind === 'context'
      ? received.context.traceId
      : received.kind === 'trace'
        ? received.trace.traceId
        : undefined
  return traceId === undefined ? nobody : others.filter(other => !sameTrace(other.traceId, traceId))
}

const highZeros = '0'.repeat(16)

/** A 64-bit dialect shows the low half of a 128-bit id: that is the same trace, seen through a narrower window. */
function sameTrace(a: string, b: string): boolean {
  if (a === b) return true
  const narrow = a.startsWith(highZeros) || b.startsWith(highZeros)
  return narrow && a.slice(16) === b.slice(16)
}
