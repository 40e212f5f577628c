// When a target is passed over because it cannot be connected to: for a while, then one request tries it again. Unlike
// an ejection this is no judgement that may be wrong, so however many targets it leaves, the others get all.
// https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md

export type Reach = {
  /** It could not be connected to; true when that is news. */
  readonly lost: () => boolean
  /** An answer began; true when that is news. */
  readonly answered: () => boolean
  /** A request goes there: until it has come back nobody else need try. */
  readonly tried: () => void
  readonly isLost: () => boolean
}

/** A process that is started anew is back soon; what one try more costs is a request that is sent again. */
const firstMs = 250
const longestMs = 10_000

/** `now` is in milliseconds from any begin. */
export function createReach(now: () => number): Reach {
  /** 0 while it is within reach. */
  let waitMs = 0
  let until = 0
  let trying = false
  return {
    lost: () => {
      const news = waitMs === 0
      // What was under way together says one thing.
      if (!news && !trying) return false
      waitMs = news ? firstMs : Math.min(waitMs * 2, longestMs)
      until = now() + waitMs
      trying = false
      return news
    },
    answered: () => {
      const news = waitMs !== 0
      waitMs = 0
      trying = false
      return news
    },
    tried: () => {
      if (waitMs === 0) return
      const at = now()
      if (at < until) return
      trying = true
      until = at + waitMs
    },
    isLost: () => waitMs !== 0 && now() < until
  }
}
