// What dialects that repeat a trace lend to the one that is followed. Must not choose who that is.
import type { Reader } from '../dialects/dialect.ts'
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import { isNarrow } from '../trace/width.ts'

/** A dialect that was spoken well, and what it said, be it followed or not. */
export type Spoken = { readonly dialect: string; readonly received: Received }

export type Trace = Omit<TraceContext, 'spanId' | 'parentId'>

/** A word that names a trace, and a span or none. */
export type Place = {
  readonly dialect: string
  readonly trace: Trace
  readonly context: TraceContext | undefined
}

/** What `followed` says, with what all in `same`, who speak of its trace, and lone decisions know besides. */
export function lent(
  followed: Place,
  same: readonly Place[],
  traceId: string,
  spoken: readonly Spoken[],
  accept: readonly Reader[]
): Received {
  const trace = enriched(followed, same, traceId, spoken, accept)
  return receivedOf(followed, same, trace, spoken)
}

/** The trace as all that speak of it know it together. */
function enriched(
  followed: Place,
  same: readonly Place[],
  traceId: string,
  spoken: readonly Spoken[],
  accept: readonly Reader[]
): Trace {
  const wide = !isNarrow(traceId)
  const { trace } = followed
  const { sampling, residue } = decided(followed, same, spoken, accept)
  return {
    traceId,
    sampling,
    bits: !wide && same.some(each => each.trace.bits === 64) ? 64 : 128,
    random: same.some(each => each.trace.random && each.trace.traceId === traceId),
    tracestate: trace.tracestate || (same.find(each => each.trace.tracestate !== '')?.trace.tracestate ?? ''),
    residue
  }
}

/** What all that speak of the trace say of sampling, and keep of themselves. */
function decided(
  { dialect, trace, context }: Place,
  same: readonly Place[],
  spoken: readonly Spoken[],
  accept: readonly Reader[]
): { readonly sampling: Sampling; readonly residue: Residue | undefined } {
  const lending = same.filter(each => each.trace !== trace).map(each => each.trace.residue)
  let { sampling } = trace
  if (sampling === 'defer') {
    // The first that decides, be it apart from any trace.
    for (const { received } of spoken) {
      const place = same.find(each => each.trace === traceOf(received))
      const wish = received.kind === 'decision' ? received.sampling : (place?.trace.sampling ?? 'defer')
      if (wish === 'defer') continue
      sampling = wish
      if (received.kind === 'decision') lending.push(received.residue)
      break
    }
  } else if (sampling === 'keep') {
    // A hop that says debug on one wire can only say keep on a wire that has no word for it.
    const wordless = accept.find(({ name }) => name === dialect)?.carries.sampling.debug === 'keep'
    const insists = same.some(
      each => each.trace.sampling === 'debug' && each.context?.spanId === context?.spanId
    )
    if (wordless && insists) sampling = 'debug'
  }
  // What somebody marked for debugging keeps its mark, even where the wish no longer counts.
  for (const { received } of spoken) {
    if (received.kind === 'decision' && received.sampling === 'debug') lending.push(received.residue)
  }
  return { sampling, residue: joined(trace.residue, lending) }
}

function traceOf(received: Received): Trace | undefined {
  if (received.kind === 'context') return received.context
  return received.kind === 'trace' ? received.trace : undefined
}

/** Keys are each dialect's own: they do not meet, and where they do the one that is followed is right. */
function joined(own: Residue | undefined, others: readonly (Residue | undefined)[]): Residue | undefined {
  let residue = own
  for (const other of others) {
    if (other !== undefined) residue = residue === undefined ? other : new Map([...other, ...residue])
  }
  return residue
}

function receivedOf(
  { dialect, context }: Place,
  same: readonly Place[],
  trace: Trace,
  spoken: readonly Spoken[]
): Received {
  if (context === undefined) return { kind: 'trace', trace }
  const own = spoken.find(each => each.dialect === dialect)?.received
  const { spanId } = context
  const named = same.find(each => each.context?.spanId === spanId && each.context.parentId !== undefined)
  const parentId = context.parentId ?? named?.context?.parentId
  const discarded = own?.kind === 'context' ? own.discarded : undefined
  return { kind: 'context', context: { ...trace, spanId, parentId }, discarded }
}
