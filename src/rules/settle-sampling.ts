// What rules leave out of sampling: its defaults, and what a route or a rule has from the top.
import type { BoostSettings, ForceSettings, KeepSettings, SamplingSettings, Settings } from './settings.ts'
import { settleMatch, settleWhere } from './settle-match.ts'
import type { DecodedRouteSampling, DecodedSampling } from './shape-sampling.ts'

const tenASecond = { count: 10, perMs: 1000 } as const

const defaults = {
  sampling: { rate: 1, adaptive: undefined, atMost: undefined, parent: 'follow' },
  adaptive: { floor: { count: 1, perMs: 60_000 }, ceiling: 1 },
  keep: { errors: tenASecond, slow: tenASecond, slowerThanMs: 1000 },
  boost: { requests: 20, forMs: 30_000, atMost: tenASecond },
  forceAtMost: tenASecond
} as const

type Given = Pick<DecodedRouteSampling, 'rate' | 'adaptive' | 'at-most' | 'parent'>

/** `given` over what stands above it; a rate puts an adaptive one above out of force, and the other way round. */
export function settleSampling(
  given: Given | undefined,
  above: SamplingSettings = defaults.sampling
): SamplingSettings {
  const { rate, adaptive, parent } = given ?? {}
  return {
    rate: rate ?? above.rate,
    adaptive:
      adaptive === undefined
        ? rate === undefined
          ? above.adaptive
          : undefined
        : {
            target: adaptive.target,
            floor: adaptive.floor ?? defaults.adaptive.floor,
            ceiling: adaptive.ceiling ?? defaults.adaptive.ceiling
          },
    atMost: given?.['at-most'] ?? above.atMost,
    parent: parent ?? above.parent
  }
}

export function settleSamplingRules(
  rules: DecodedSampling['rules'],
  top: SamplingSettings
): Settings['samplingRules'] {
  return (rules ?? []).map(rule => ({
    match: settleMatch(rule.match),
    where: settleWhere(rule.match),
    ...settleSampling(rule, top)
  }))
}

/** Undefined for nothing. */
export function settleKeep(given: DecodedSampling['keep']): KeepSettings | undefined {
  if (given === 'none') return undefined
  return {
    errors: given?.errors ?? defaults.keep.errors,
    slow: given?.slow ?? defaults.keep.slow,
    slowerThanMs: given?.['slower-than'] ?? defaults.keep.slowerThanMs
  }
}

/** What is slow on a route, in milliseconds; undefined where nothing is kept after all. */
export function settleSlowerThan(
  given: DecodedRouteSampling['keep'],
  top: KeepSettings | undefined
): number | undefined {
  if (given === 'none' || top === undefined) return undefined
  return given?.['slower-than'] ?? top.slowerThanMs
}

export function settleBoost(given: DecodedSampling['boost']): BoostSettings | undefined {
  if (given === undefined) return undefined
  return {
    requests: given.requests ?? defaults.boost.requests,
    forMs: given.for ?? defaults.boost.forMs,
    atMost: given['at-most'] ?? defaults.boost.atMost
  }
}

export function settleForce(given: DecodedSampling['force']): ForceSettings | undefined {
  return given && { header: given.header, atMost: given['at-most'] ?? defaults.forceAtMost }
}
