// Holds what was received against a vector: the part that all dialects have in common.
import type { Received, TraceContext } from '../../src/trace/context.ts'
import type { Reading } from '../vectors/vectors.ts'

type Seen = Omit<Reading['expect'], 'extra'>

/** A received value in the vectors' words. */
export function seen(received: Received): Seen {
  const nobody = { traceId: null, spanId: null, parentSpanId: null }
  switch (received.kind) {
    case 'none':
      return { kind: 'none', ...nobody, sampled: 'defer' }
    case 'decision':
      return { kind: 'decision', ...nobody, sampled: received.sampling }
    case 'trace':
      return { ...nobody, kind: 'trace', traceId: received.trace.traceId, sampled: received.trace.sampling }
    case 'context': {
      const { traceId, spanId, parentId = null, sampling } = received.context
      return { kind: 'context', traceId, spanId, parentSpanId: parentId, sampled: sampling }
    }
  }
}

/** A vector's expectation without what is peculiar to its dialect. */
export function expected(vector: Reading): Seen {
  const { extra: _, ...rest } = vector.expect
  return rest
}

/** The reason of a `none`; undefined for all else. */
export function reasonOf(received: Received): string | undefined {
  return received.kind === 'none' ? received.reason : undefined
}

/** The context received; an error when it is none. */
export function contextOf(received: Received): TraceContext {
  if (received.kind !== 'context') throw new Error(`expected a context, got ${received.kind}`)
  return received.context
}
