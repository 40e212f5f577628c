// Takes a request through the heart: mediated once, tried twice.

import { type Attempt, attempt, type Mediation, mediate } from '../../src/mediate/mediate.ts'
import type { Policy, SamplingPlan, Trust } from '../../src/mediate/policy.ts'
import { hop } from '../call.ts'
import { eachOf, type Headers, pairsOf, readerOf } from '../vectors/vectors.ts'
import { countedIds, planOf, policyOf } from './policies.ts'

export type Asked = {
  readonly policy?: Policy
  readonly plan?: SamplingPlan
  readonly trust?: Trust
}

export type Went = { readonly mediation: Mediation; readonly attempts: readonly [Attempt, Attempt] }

/** One request and two attempts to pass it on. */
export function through(headers: Headers, asked: Asked = {}): Went {
  const { policy = policyOf(), plan = planOf(), trust = 'continue' } = asked
  const ids = countedIds()
  const mediation = mediate(readerOf(headers), policy, plan, trust, ids, eachOf(headers))
  const go = () => attempt(mediation, policy, plan, ids, hop)
  return { mediation, attempts: [go(), go()] }
}

/** What the first attempt sends, by name as sent. */
export function sent(went: Went): ReadonlyMap<string, string> {
  return new Map(pairsOf(went.attempts[0].set))
}
