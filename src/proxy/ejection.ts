// When a target is left out because requests to it fail: after some in a row, for a while that grows. It has no timer:
// it looks at a clock when it is asked. Must not know what a failure is.
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier
import type { Ejection } from '../rules/upstream.ts'

export type Ejector = {
  /** How long it is out from now on, in milliseconds; undefined where it is not, or was already. `room`: one more may be. */
  readonly failed: (room: boolean) => number | undefined
  /** Whether this is the first success after it was out. */
  readonly succeeded: () => boolean
  readonly isOut: () => boolean
}

const longestMs = 300_000

/** `now` is in milliseconds from any begin. */
export function createEjector({ failures, forMs }: Ejection, now: () => number): Ejector {
  let inRow = 0
  let until = 0
  /** Times that it was out, less those that are long ago. */
  let times = 0
  let doubted = false
  return {
    failed: room => {
      inRow++
      const at = now()
      if (at < until || inRow < failures || !room) return undefined
      times = at - until > longestMs ? 1 : times + 1
      const ms = Math.min(forMs * 2 ** (times - 1), longestMs)
      until = at + ms
      // One failure after its return is enough to send it out again.
      inRow = failures - 1
      doubted = true
      return ms
    },
    succeeded: () => {
      // An answer to what was sent before proves nothing yet.
      if (doubted && now() < until) return false
      inRow = 0
      const back = doubted
      doubted = false
      return back
    },
    isOut: () => doubted && now() < until
  }
}

/** Whether one more of `size` targets may be out beside those that are: always one, but never the last. */
export function hasRoom(size: number, out: number, most: number): boolean {
  return size - out > 1 && out < Math.max(1, Math.floor(size * most))
}
