// Sampling and what it matches as people may see it, in the notation of a rule file.
import type { Where } from '../route/first.ts'
import type { Match } from '../route/match.ts'
import type { RouteSettings, SamplingSettings, Settings } from './settings.ts'
import { optional, type Shown } from './shown.ts'
import { formatDuration, formatLimit, formatRate } from './values.ts'

export function showMatch({ host, path, methods, headers }: Match, where?: Where): Shown {
  return {
    ...optional('host', host),
    ...optional('path', path),
    ...optional('method', oneOrMany(methods)),
    ...optional('header', headers && Object.fromEntries(headers)),
    ...optional('route', oneOrMany(where?.routes && [...where.routes])),
    ...optional('tag', where?.tags && Object.fromEntries(where.tags))
  }
}

/** A ceiling of the top's is shown there alone: written in two places it would be two. */
function showSampling(
  { rate, adaptive, atMost, parent }: SamplingSettings,
  top: SamplingSettings | undefined
): Shown {
  return {
    ...(adaptive === undefined
      ? { rate: formatRate(rate) }
      : {
          adaptive: {
            target: formatLimit(adaptive.target),
            floor: formatLimit(adaptive.floor),
            ceiling: formatRate(adaptive.ceiling)
          }
        }),
    ...optional('at-most', atMost !== top?.atMost ? atMost && formatLimit(atMost) : undefined),
    parent
  }
}

/** `sampling` of a route. */
export function showRouteSampling(
  { sampling, slowerThanMs }: Pick<RouteSettings, 'sampling' | 'slowerThanMs'>,
  top: SamplingSettings
): Shown {
  return { ...showSampling(sampling, top), keep: showSlowerThan(slowerThanMs) }
}

function showSlowerThan(ms: number | undefined): Shown | 'none' {
  return ms === undefined ? 'none' : { 'slower-than': formatDuration(ms) }
}

/** `sampling` of the top. */
export function showTopSampling(settings: Settings): Shown {
  const { sampling, samplingLimit, samplingKeep: keep, samplingBoost: boost, samplingForce: force } = settings
  return {
    ...showSampling(sampling, undefined),
    ...optional('limit', samplingLimit && formatLimit(samplingLimit)),
    keep: keep
      ? {
          errors: formatLimit(keep.errors),
          slow: formatLimit(keep.slow),
          'slower-than': formatDuration(keep.slowerThanMs)
        }
      : 'none',
    ...optional(
      'boost',
      boost && {
        requests: boost.requests,
        for: formatDuration(boost.forMs),
        'at-most': formatLimit(boost.atMost)
      }
    ),
    ...optional('force', force && { header: force.header, 'at-most': formatLimit(force.atMost) }),
    rules: settings.samplingRules.map(rule => ({
      match: showMatch(rule.match, rule.where),
      ...showSampling(rule, sampling)
    }))
  }
}

function oneOrMany(items: readonly string[] | undefined): readonly string[] | string | undefined {
  return items?.length === 1 ? items[0] : items
}
