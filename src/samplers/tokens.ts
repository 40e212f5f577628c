// A bucket of tokens that fills as time goes by: what must not happen more often than so many times in a time.
// Every ceiling and budget of sampling is one. It must not know what it is asked for.
import type { Clock } from './sampler.ts'

/** So many in so many milliseconds. */
export type Limit = { readonly count: number; readonly perMs: number }

export type Tokens = {
  /** Takes one; false when there is none. */
  readonly take: () => boolean
  /** Whether there is one. */
  readonly left: () => boolean
}

const unlimited: Tokens = { take: () => true, left: () => true }

/**
 * Makes a bucket, full. It holds what comes in a second, so that no burst is more than that, but one at least. Without
 * a limit there is always one to take.
 */
export function createTokens(limit: Limit | undefined, now: Clock): Tokens {
  if (limit === undefined) return unlimited
  const { count, perMs } = limit
  const capacity = count === 0 ? 0 : Math.max(1, (count * 1000) / perMs)
  let held = capacity
  let before = now()
  const left = () => {
    const at = now()
    held = Math.min(capacity, held + ((at - before) * count) / perMs)
    before = at
    return held >= 1
  }
  return {
    left,
    take: () => {
      if (!left()) return false
      held--
      return true
    }
  }
}
