// What an upstream may be told of a context: the flags, the decision and the tracestate that its wires can take. Pure.
import type { Dialect } from '../dialects/dialect.ts'
import type { TraceContext } from '../trace/context.ts'
import type { Hop } from '../trace/hop.ts'
import { decide } from './decide.ts'
import { passing } from './members.ts'
import type { Policy, SamplingPlan } from './policy.ts'
import { withRandomness } from './randomness.ts'
import { storing } from './restore.ts'

/** Another trace than the one that is followed, which passes a transparent hop beside it. */
export function tellOther(
  context: TraceContext,
  dialect: Dialect,
  policy: Policy,
  plan: SamplingPlan,
  set: string[],
  hop: Hop
): void {
  const open = context.sampling === 'defer' && dialect.carries.sampling.defer !== 'defer'
  const told = masked(open ? resolved(context, plan) : context, policy)
  dialect.inject(dialect.carries.tracestate ? passing(told, policy.tracestate) : told, set, hop)
}

/** With the tracestate that the upstream may see. Stored is last: that is asked for, whoever sees it. */
export function outward(span: TraceContext, own: boolean, policy: Policy): TraceContext {
  const passed = passing(span, policy.tracestate)
  return own ? storing(passed, policy.stores) : passed
}

/** Some receivers drop a traceparent whose flags are more than `sampled`. */
export function masked(span: TraceContext, { randomFlag }: Policy): TraceContext {
  return randomFlag === 'mask' && span.random ? { ...span, random: false } : span
}

/** A wire without `defer` cannot be told "you decide": the gateway does it, for this wire alone. */
export function resolved(span: TraceContext, plan: SamplingPlan): TraceContext {
  const { sampling, tracestate } = decide('defer', span.traceId, withRandomness(span, plan), plan, span.bits)
  return { ...span, sampling, tracestate }
}
