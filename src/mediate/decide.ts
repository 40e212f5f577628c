// Whether the gateway keeps a trace, and what `ot` of tracestate says of it afterwards.
// https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/
import type { Read } from '../dialects/dialect.ts'
import type { Sampling } from '../trace/context.ts'
import { keeps, randomness, readOt, writeOt } from '../trace/probability.ts'
import type { SamplingPlan } from './policy.ts'

export type Decision = {
  readonly sampling: Exclude<Sampling, 'defer'>
  /** `parent`, `debug`, `cap`, `limit`, `forced`, `boost`, or the sampler's name: the span's `tracebridge.sampling.reason`. */
  readonly why: string
  /** With the member `ot` brought up to date. */
  readonly tracestate: string
}

/** What a believed caller says to keep a trace, in the field of `Demand`: any case, as Envoy takes its own. */
const yes = /^(?:1|true|yes)$/i

/**
 * What may keep a trace that was to be dropped: a caller who demands it, then an error shortly before. A caller's
 * drop stands against the error, not against the demand, which somebody wrote into this very request. Nobody knows
 * the odds of either. `read` is undefined for callers that are not believed.
 */
export function reprieve(
  decision: Decision,
  wish: Sampling,
  plan: SamplingPlan,
  read: Read | undefined
): Decision {
  if (decision.sampling !== 'drop') return decision
  const { demand } = plan
  if (demand !== undefined && read !== undefined && yes.test(read(demand.header) ?? '') && demand.take()) {
    return { ...decision, sampling: 'keep', why: 'forced' }
  }
  const ours = wish === 'defer' || plan.parent === 'ignore'
  return ours && plan.boost() ? { ...decision, sampling: 'keep', why: 'boost' } : decision
}

/** The plan as a dry run asks it: nothing is counted, no budget is spent. */
export function rehearsed(plan: SamplingPlan): SamplingPlan {
  const { sampler, demand } = plan
  return {
    ...plan,
    sampler: { ...sampler, sample: sampler.peek },
    force: () => true,
    demand: demand && { ...demand, take: () => true },
    boost: () => false
  }
}

/** The plan that is in force for a wish: what callers force has a ceiling, and each that does is counted here. */
export function planFor(wish: Sampling, plan: SamplingPlan): SamplingPlan {
  if (plan.parent !== 'follow' || (wish !== 'keep' && wish !== 'debug')) return plan
  return plan.force() ? plan : { ...plan, parent: 'limit' }
}

/** Decides for one trace. `wish` is what a believed caller asked for, `defer` when nobody did. */
export function decide(
  wish: Sampling,
  traceId: string,
  tracestate: string,
  plan: SamplingPlan,
  bits: 64 | 128 = 128
): Decision {
  if (wish === 'defer' || plan.parent === 'ignore') {
    const sampled = plan.sampler.sample(randomness(traceId, tracestate))
    // Nobody vouches that a 64-bit id is random where it is long enough: it is sampled, and no odds are claimed.
    const threshold = sampled.keep && bits === 128 ? sampled.threshold : undefined
    return {
      sampling: sampled.keep ? 'keep' : 'drop',
      why: plan.sampler.name,
      tracestate: writeOt(tracestate, threshold)
    }
  }
  if (wish === 'drop') return { sampling: 'drop', why: 'parent', tracestate: writeOt(tracestate, undefined) }
  if (plan.parent === 'limit') return limited(wish, traceId, tracestate, plan)
  if (plan.parent === 'cap') return capped(wish, traceId, tracestate, plan)
  if (wish === 'debug') return { sampling: 'debug', why: 'debug', tracestate: writeOt(tracestate, undefined) }
  return { sampling: 'keep', why: 'parent', tracestate: consistent(traceId, tracestate) }
}

/** A threshold that this trace's randomness does not pass was not what kept it: it is erased, the flag honoured. */
function consistent(traceId: string, tracestate: string): string {
  const { th } = readOt(tracestate)
  const holds = th !== undefined && keeps(randomness(traceId, tracestate), th)
  return writeOt(tracestate, holds ? th : undefined)
}

/** The caller's keep passes our own sampler too; the higher of two thresholds is what was in force. */
function capped(wish: 'keep' | 'debug', traceId: string, tracestate: string, plan: SamplingPlan): Decision {
  const random = randomness(traceId, tracestate)
  const own = plan.sampler.sample(random)
  if (!own.keep) return { sampling: 'drop', why: 'cap', tracestate: writeOt(tracestate, undefined) }
  const { th } = readOt(tracestate)
  const known = wish === 'keep' && th !== undefined && own.threshold !== undefined && keeps(random, th)
  return {
    sampling: wish,
    why: 'cap',
    tracestate: writeOt(tracestate, known ? higher(th, own.threshold) : undefined)
  }
}

/** Beyond the ceiling nothing is kept past every limit: a debug that our own sampler keeps is a keep. */
function limited(wish: 'keep' | 'debug', traceId: string, tracestate: string, plan: SamplingPlan): Decision {
  const decision = capped(wish, traceId, tracestate, plan)
  return { ...decision, sampling: decision.sampling === 'drop' ? 'drop' : 'keep', why: 'limit' }
}

/** Thresholds leave trailing zeros out: as text `c` is `c0000000000000`. */
function higher(a: string, b: string): string {
  return a.padEnd(14, '0') >= b.padEnd(14, '0') ? a : b
}
