// The answer of a dry run: what was received and what was decided of it, as JSON for people and scripts.
import { isSampled, type Mediation } from '../mediate/mediate.ts'
import type { Trust } from '../mediate/policy.ts'
import type { Received } from '../trace/context.ts'

/** The JSON of `translate --json` and of `POST /translate`: these keys and no others. */
export type Translation = {
  readonly received: {
    readonly dialect: string | null
    readonly kind: Received['kind']
    readonly traceId: string | null
    readonly spanId: string | null
    readonly parentId: string | null
    readonly sampling: string
    /** Why nothing was understood; beside something that was, what was not, each with its dialect. */
    readonly reason: string | null
    readonly conflicts: readonly {
      readonly dialect: string
      readonly traceId: string
      readonly spanId: string | null
    }[]
  }
  readonly decision: { readonly trust: string; readonly sampled: boolean; readonly why: string }
  readonly span: { readonly traceId: string; readonly spanId: string }
  readonly upstreams: Readonly<
    Record<
      string,
      { readonly set: readonly (readonly [string, string])[]; readonly strip: readonly string[] }
    >
  >
}

export function decisionOf({ span, why }: Mediation, trust: Trust): Translation['decision'] {
  return { trust, sampled: isSampled(span), why }
}

export function receivedOf({ arrival }: Mediation): Translation['received'] {
  const { received } = arrival
  const discarded = received.kind === 'context' ? received.discarded : undefined
  const garbled = arrival.malformed.map(({ dialect, reason }) => `${dialect}: ${reason}`)
  const reasons = [...(discarded === undefined ? [] : [`${arrival.dialect}: ${discarded}`]), ...garbled]
  const known = {
    dialect: arrival.dialect ?? null,
    kind: received.kind,
    traceId: null,
    spanId: null,
    parentId: null,
    sampling: 'defer',
    reason: reasons.length === 0 ? null : reasons.join('; '),
    conflicts: arrival.conflicts.map(({ dialect, traceId, spanId = null }) => ({ dialect, traceId, spanId }))
  }
  switch (received.kind) {
    case 'none':
      return { ...known, reason: received.reason }
    case 'decision':
      return { ...known, sampling: received.sampling }
    case 'trace':
      return { ...known, traceId: received.trace.traceId, sampling: received.trace.sampling }
    case 'context': {
      const { traceId, spanId, parentId = null, sampling } = received.context
      return { ...known, traceId, spanId, parentId, sampling }
    }
  }
}
