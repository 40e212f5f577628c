// The time as a command sees it, so that tests need not wait for it.
import { setTimeout as sleep } from 'node:timers/promises'

export type Clock = {
  /** Milliseconds since any moment. */
  readonly now: () => number
  /** Until the signal at the latest; never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

export const wallClock: Clock = {
  now: () => performance.now(),
  pause: (ms, signal) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => {})
}
