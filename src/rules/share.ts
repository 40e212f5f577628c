// What one of several workers may keep: budgets of sampling are of the gateway, so each worker has its part of them.
// Callers are spread over workers, so the parts add up to the whole, and so is the memory. Limits of connections and
// requests are left alone: they guard a process.
import type { Limit } from '../samplers/tokens.ts'
import type { SamplerSettings, Settings } from './settings.ts'

/** Of the container, which all workers are in; more than any machine has where there is none. */
function residentLimit(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? limit : Number.MAX_SAFE_INTEGER
}

/** Rules for one of `workers`. */
export function shareOf(settings: Settings, workers: number): Settings {
  if (workers === 1) return settings
  // Who had a limit from the same place goes on sharing it: samplers know that by the object.
  const parts = new Map<Limit, Limit>()
  function part(limit: Limit): Limit
  function part(limit: Limit | undefined): Limit | undefined
  function part(limit: Limit | undefined): Limit | undefined {
    if (limit === undefined) return undefined
    const known = parts.get(limit) ?? { count: limit.count / workers, perMs: limit.perMs }
    parts.set(limit, known)
    return known
  }
  const sampler = <T extends SamplerSettings>(given: T): T => ({
    ...given,
    atMost: part(given.atMost),
    adaptive: given.adaptive && {
      ...given.adaptive,
      target: part(given.adaptive.target),
      floor: part(given.adaptive.floor)
    }
  })
  const { overload, samplingKeep: keep, samplingBoost: boost, samplingForce: force } = settings
  return {
    ...settings,
    overload: overload && { ...overload, memory: (overload.memory ?? residentLimit()) / workers },
    sampling: sampler(settings.sampling),
    samplingLimit: part(settings.samplingLimit),
    samplingRules: settings.samplingRules.map(sampler),
    samplingKeep: keep && { ...keep, errors: part(keep.errors), slow: part(keep.slow) },
    samplingBoost: boost && { ...boost, atMost: part(boost.atMost) },
    samplingForce: force && { ...force, atMost: part(force.atMost) },
    routes: settings.routes.map(route => ({ ...route, sampling: sampler(route.sampling) }))
  }
}
