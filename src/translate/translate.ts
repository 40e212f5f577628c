// A dry run: what a request's trace headers are understood as, and what each upstream would receive. No server.
import { attempt, isSampled, type Mediation, mediate } from '../mediate/mediate.ts'
import type { SamplingPlan } from '../mediate/policy.ts'
import { createFieldReader } from '../proxy/fields.ts'
import { targetOf } from '../proxy/target.ts'
import type { Route, Rules } from '../rules/rules.ts'
import type { Received } from '../trace/context.ts'
import type { Ids } from '../trace/ids.ts'

/** A request that nobody sends. */
export type Question = {
  readonly method: string
  /** With the query, if any. */
  readonly path: string
  readonly host: string | undefined
  /** The caller's address. */
  readonly from: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** The JSON of `translate --json` and of `POST /translate`. */
export type Translation = {
  readonly received: {
    readonly dialect: string | null
    readonly kind: Received['kind']
    readonly traceId: string | null
    readonly spanId: string | null
    readonly parentId: string | null
    readonly sampling: string
    readonly reason: string | null
    readonly malformed: readonly { readonly dialect: string; readonly reason: string }[]
    readonly conflicts: readonly {
      readonly dialect: string
      readonly traceId: string
      readonly spanId: string | null
    }[]
  }
  readonly decision: { readonly trust: string; readonly sampled: boolean; readonly why: string }
  readonly span: { readonly traceId: string; readonly spanId: string }
  /** The route that the request takes; null when it takes none, and is answered with 404. */
  readonly route: string | null
  readonly upstreams: Readonly<
    Record<
      string,
      { readonly set: readonly (readonly [string, string])[]; readonly strip: readonly string[] }
    >
  >
}

/** Asks the rules. Ids of new spans are as random as those of a real request. */
export function translate(rules: Rules, question: Question, ids: Ids): Translation {
  const reader = createFieldReader()
  const host = question.host === undefined ? [] : ['Host', question.host]
  reader.load([...host, ...question.headers.flat()])
  const target = targetOf(question.method, question.path, reader.read)
  const matched = rules.find(target)
  // Without a route, what would be understood is still told, by the first one.
  const route = matched ?? rules.routes[0]
  if (route === undefined) throw new Error('rules without a route')
  const plan = route.sampling(target)
  const trust = rules.trust(question.from)
  const mediation = mediate(reader.read, route.policy, plan, trust, ids)
  return {
    received: receivedOf(mediation),
    decision: { trust, sampled: isSampled(mediation.span), why: mediation.why },
    span: { traceId: mediation.span.traceId, spanId: mediation.span.spanId },
    route: matched?.name ?? null,
    upstreams: upstreamsOf(rules, route, mediation, plan, ids)
  }
}

function receivedOf({ arrival }: Mediation): Translation['received'] {
  const { received } = arrival
  const known = {
    dialect: arrival.dialect ?? null,
    kind: received.kind,
    traceId: null,
    spanId: null,
    parentId: null,
    sampling: 'defer',
    reason: null,
    malformed: arrival.malformed,
    conflicts: arrival.conflicts.map(({ dialect, traceId, spanId }) => ({
      dialect,
      traceId,
      spanId: spanId ?? null
    }))
  }
  switch (received.kind) {
    case 'none':
      return { ...known, reason: received.reason }
    case 'decision':
      return { ...known, sampling: received.sampling }
    case 'trace':
      return { ...known, traceId: received.trace.traceId, sampling: received.trace.sampling }
    case 'context': {
      const { traceId, spanId, parentId, sampling } = received.context
      return {
        ...known,
        traceId,
        spanId,
        parentId: parentId ?? null,
        sampling,
        reason: received.discarded ?? null
      }
    }
  }
}

/** Each upstream by the route that leads there: the matched one, else the first. */
function upstreamsOf(
  rules: Rules,
  matched: Route,
  mediation: Mediation,
  plan: SamplingPlan,
  ids: Ids
): Translation['upstreams'] {
  const upstreams: [string, Translation['upstreams'][string]][] = []
  for (const upstream of rules.upstreams.values()) {
    const route =
      matched.upstream === upstream ? matched : rules.routes.find(other => other.upstream === upstream)
    if (route === undefined) continue
    const { set } = attempt(mediation, route.policy, plan, ids)
    upstreams.push([upstream.name, { set: pairs(set), strip: [...route.policy.strip] }])
  }
  return Object.fromEntries(upstreams)
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return out
}
