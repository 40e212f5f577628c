// Sampling rules to plans: who decides for one request. Runs when rules load; the state of samplers lives as long as
// the rules do. Where state is kept apart by route and by `service.tag`, a release that fails or is seldom called is
// not lost among the others.
import type { SamplingPlan } from '../mediate/policy.ts'
import { createFirst } from '../route/first.ts'
import { adaptive } from '../samplers/adaptive.ts'
import { atMost } from '../samplers/at-most.ts'
import { ratio } from '../samplers/ratio.ts'
import type { Clock, Sampler } from '../samplers/sampler.ts'
import { createTokens, type Limit, type Tokens } from '../samplers/tokens.ts'
import { type Boost, createBoost } from './boost.ts'
import type { RouteSampling, Tags } from './rules.ts'
import type { SamplerSettings, SamplingSettings, Settings } from './settings.ts'

type Given = Pick<Settings, 'tags' | 'samplingLimit' | 'samplingRules' | 'samplingForce' | 'samplingBoost'>

/** What is kept for one tag of one route. */
type Tagged = {
  readonly boost: Boost | undefined
  readonly own: SamplingPlan
  /** By the index of the sampling rule. */
  readonly rules: (SamplingPlan | undefined)[]
}

/** Makes the plans of one route after the other; they share what is meant for all of them together. */
export function createPlanner(
  {
    tags: { service: tag },
    samplingLimit,
    samplingRules,
    samplingForce: force,
    samplingBoost: boosting
  }: Given,
  now: Clock
): (route: string, own: SamplingSettings, targets: readonly Tags[]) => RouteSampling {
  const ceiling = createTokens(samplingLimit, now).take
  const demand = force && { header: force.header, take: createTokens(force.atMost, now).take }
  const budget = createTokens(boosting?.atMost, now).take
  const samplers = createSamplers(now)
  const rules = samplingRules.map(({ parent, ...settings }) => ({ parent, samplerFor: samplers(settings) }))
  const first = createFirst(samplingRules.map(({ match, where }, index) => ({ match, where, value: index })))
  const apart = boosting !== undefined || samplingRules.some(rule => rule.adaptive !== undefined)

  return (route, own, targets) => {
    const samplerFor = samplers(own)
    const tagged = new Map<string, Tagged>()
    const nameOf = apart || own.adaptive !== undefined ? (tags: Tags) => tags.get(tag) ?? '' : () => ''

    function planOf(
      parent: SamplingPlan['parent'],
      sampler: Sampler,
      boost: Boost | undefined
    ): SamplingPlan {
      // A rate of nothing is a word against keeping anything ahead.
      const boosts = boost === undefined ? never : () => sampler.rate() > 0 && boost.take()
      return Object.freeze({ parent, sampler, force: ceiling, demand, boost: boosts })
    }

    function taggedOf(tags: Tags): Tagged {
      const name = nameOf(tags)
      const known = tagged.get(name)
      if (known !== undefined) return known
      const boost = boosting && createBoost(boosting.requests, boosting.forMs, budget, now)
      const one = { boost, own: planOf(own.parent, samplerFor(name), boost), rules: [] }
      tagged.set(name, one)
      return one
    }

    for (const tags of targets) taggedOf(tags)
    return {
      sampling: (target, tags) => {
        const one = taggedOf(tags)
        const index = first(target, route, tags)
        const rule = index === undefined ? undefined : rules[index]
        if (index === undefined || rule === undefined) return one.own
        const known = one.rules[index]
        if (known !== undefined) return known
        const plan = planOf(rule.parent, rule.samplerFor(nameOf(tags)), one.boost)
        one.rules[index] = plan
        return plan
      },
      rates: () =>
        own.adaptive === undefined
          ? [['', samplerFor('').rate()]]
          : [...tagged].map(([name, { own: plan }]) => [name, plan.sampler.rate()]),
      failed: tags => taggedOf(tags).boost?.failed()
    }
  }
}

function never(): boolean {
  return false
}

/**
 * Makes samplers from settings, one for each tag where it learns from what comes. A ceiling is shared by all who have
 * it from the same place in the rules: said at the top it is for all routes together.
 */
function createSamplers(now: Clock): (settings: SamplerSettings) => (tag: string) => Sampler {
  const buckets = new Map<Limit, Tokens>()
  const bucketOf = (limit: Limit) => {
    const tokens = buckets.get(limit) ?? createTokens(limit, now)
    buckets.set(limit, tokens)
    return tokens
  }
  return ({ rate, adaptive: following, atMost: limit }) => {
    const under = (inner: Sampler) => (limit === undefined ? inner : atMost(inner, bucketOf(limit)))
    if (following === undefined) {
      const sampler = under(ratio(rate))
      return () => sampler
    }
    const byTag = new Map<string, Sampler>()
    return name => {
      const sampler = byTag.get(name) ?? under(adaptive(following, now))
      byTag.set(name, sampler)
      return sampler
    }
  }
}
