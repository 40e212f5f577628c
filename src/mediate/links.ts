// The traces that the gateway's span points at beside its own: those that it did not follow, and why.
import type { Received } from '../trace/context.ts'
import type { Trust } from './policy.ts'
import type { Arrival } from './receive.ts'

/** Another trace that this one should point at: https://opentelemetry.io/docs/specs/otel/overview/#links-between-spans */
export type TraceLink = {
  readonly traceId: string
  readonly spanId: string
  readonly dialect: string
  readonly reason: 'restarted' | 'conflict' | 'restored'
}

const noLinks: readonly TraceLink[] = []

/** `followed` is what was received, or the context that was restored in its place. */
export function linksOf(arrival: Arrival, trust: Trust, followed: Received): readonly TraceLink[] {
  const { dialect, received, conflicts } = arrival
  if (received !== followed && received.kind === 'context' && dialect !== undefined) {
    const { traceId, spanId } = received.context
    const own = continuedId(followed)
    const others = conflicts.filter(other => other.traceId !== own)
    const foreign: TraceLink = { traceId, spanId, dialect, reason: 'restored' }
    return [foreign, ...linksOf({ ...arrival, conflicts: others }, trust, received)]
  }
  const restarts = trust === 'restart' && received.kind === 'context'
  if (trust === 'ignore' || (conflicts.length === 0 && !restarts)) return noLinks
  const links: TraceLink[] = []
  if (restarts && dialect !== undefined) {
    const { traceId, spanId } = received.context
    links.push({ traceId, spanId, dialect, reason: 'restarted' })
  }
  for (const { traceId, spanId, dialect: loser } of conflicts) {
    if (spanId !== undefined) links.push({ traceId, spanId, dialect: loser, reason: 'conflict' })
  }
  return links
}

/** The id of the trace that goes on; undefined when one begins here. */
export function continuedId(received: Received): string | undefined {
  if (received.kind === 'context') return received.context.traceId
  return received.kind === 'trace' ? received.trace.traceId : undefined
}
