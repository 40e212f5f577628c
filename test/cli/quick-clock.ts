// A clock that stands still but for pauses, which take no time: hours of a gate in a moment, on any machine.
import type { Clock } from '../../src/cli/clock.ts'

export type QuickClock = Clock & {
  /** Something else took so long. */
  readonly pass: (ms: number) => void
}

export function quickClock(): QuickClock {
  let now = 0
  const pass = (ms: number) => {
    now += Math.max(0, ms)
  }
  return {
    now: () => now,
    pass,
    pause: async ms => pass(ms)
  }
}
