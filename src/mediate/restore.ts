// Around foreign hops, which put themselves into traces that they do not report, or begin new ones, and let
// tracestate through: the context from before is stored there, and taken behind.
import type { Received, TraceContext } from '../trace/context.ts'
import { storedIn, withoutStored, withStored } from '../trace/stored.ts'

/** What was received before the foreign hop; the same where nothing is stored, or nothing was overwritten. */
export function restoredOf(received: Received): Received {
  if (received.kind !== 'context' || received.context.tracestate === '') return received
  const { context } = received
  const stored = storedIn(context.tracestate)
  if (stored === undefined) return received
  if (stored.traceId === context.traceId && stored.spanId === context.spanId) return received
  // What the foreign hop said beside its ids is about these.
  return {
    ...received,
    context: { ...context, ...stored, parentId: undefined, bits: 128, residue: undefined }
  }
}

/** A context as it goes out: stored, or without what was stored of an ancestor, for nobody should go back there. */
export function storing(context: TraceContext, stores: boolean): TraceContext {
  const { tracestate } = context
  const after = stores ? withStored(tracestate, context) : withoutStored(tracestate)
  return after === tracestate ? context : { ...context, tracestate: after }
}
