// Fair odds for traces whose ids are no dice: an EagleEye id ends in decimal digits, of which no rate below 40 %
// would ever keep one. Only for a decision that falls here; what others drew is never drawn again.
import type { TraceContext } from '../trace/context.ts'
import { type Family, foreignRandomness } from '../trace/identity.ts'
import { oddsKey } from '../trace/probability.ts'
import { memberOf, withMember } from '../trace/tracestate.ts'
import type { SamplingPlan } from './policy.ts'

const families: readonly Family[] = ['sw8', 'eagleeye', 'sofa']

type Undecided = Pick<TraceContext, 'sampling' | 'tracestate' | 'residue'>

/** The tracestate to decide by: with randomness where the sampler is asked about a trace that has none. */
export function withRandomness({ sampling, tracestate, residue }: Undecided, plan: SamplingPlan): string {
  if (residue === undefined || (plan.parent === 'follow' && sampling !== 'defer')) return tracestate
  if (memberOf(tracestate, oddsKey) !== undefined) return tracestate
  for (const family of families) {
    const trace = residue.get(`${family}.trace`)
    const drawn = trace === undefined ? undefined : foreignRandomness(family, trace)
    if (drawn !== undefined) return withMember(tracestate, oddsKey, `rv:${drawn}`)
  }
  return tracestate
}
