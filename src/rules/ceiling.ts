// How many traces callers can force: a bucket that fills as time goes by, one for the whole process.
// A reload begins with a full one, as a start does.
import type { Limit } from './values.ts'

/** Without a limit callers force what they wish. */
function unlimited(): boolean {
  return true
}

/**
 * Makes the ceiling: each call takes one from the bucket, and is false when there is none. It holds what comes in a
 * second, so that no burst is more than that, but one at least. `now` is milliseconds from any begin; it never runs
 * backwards.
 */
export function createCeiling(limit: Limit | undefined, now: () => number): () => boolean {
  if (limit === undefined) return unlimited
  const { count, perMs } = limit
  const capacity = count === 0 ? 0 : Math.max(1, (count * 1000) / perMs)
  let held = capacity
  let before = now()
  return () => {
    const at = now()
    held = Math.min(capacity, held + ((at - before) * count) / perMs)
    before = at
    if (held < 1) return false
    held--
    return true
  }
}
