// How much of the traffic to an upstream may be requests sent again: so that an upstream that is down is not asked twice
// as often as one that is well. A share of what came lately, not of what is under way: when a target dies, all that was
// under way to it is to be sent again at once.

export type Budget = {
  /** Notes that a request goes out. */
  readonly spend: () => void
  /** Whether one more may be sent again; if so, it is. */
  readonly take: () => boolean
}

const share = 0.2
/** Where little comes, so many all the same. */
const least = 3
/** Milliseconds. Both this window and the one before count. */
const windowMs = 10_000

/** `now` is in milliseconds from any begin. */
export function createBudget(now: () => number): Budget {
  let began = now()
  let sent = 0
  let again = 0
  let sentBefore = 0
  let againBefore = 0

  function turn(): void {
    const passed = now() - began
    if (passed < windowMs) return
    sentBefore = passed < 2 * windowMs ? sent : 0
    againBefore = passed < 2 * windowMs ? again : 0
    sent = 0
    again = 0
    began = now()
  }

  return {
    spend: () => {
      turn()
      sent++
    },
    take: () => {
      turn()
      if (again + againBefore >= Math.max(least, share * (sent + sentBefore))) return false
      again++
      return true
    }
  }
}
