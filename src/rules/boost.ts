// After an error, the next requests of the same route and tag are kept from the start, so that whole failing traces
// exist: what is kept only once it has failed shows this hop alone. Must not know who decides about the others.
import type { Clock } from '../samplers/sampler.ts'

export type Boost = {
  /** A request failed: it begins anew. */
  readonly failed: () => void
  /** Asked once for each request that it would keep. */
  readonly take: () => boolean
}

/** `budget` is asked last, one for all boosts together. */
export function createBoost(requests: number, forMs: number, budget: () => boolean, now: Clock): Boost {
  let left = 0
  let until = 0
  return {
    failed: () => {
      left = requests
      until = now() + forMs
    },
    take: () => {
      if (left === 0 || now() >= until || !budget()) return false
      left--
      return true
    }
  }
}
