// Sampling rules for a while, as the first process has them for all workers.
import type { Timed } from '../rules/timed.ts'

/** In the order of `running`, with the time that is left. */
export function running(timed: Timed) {
  return timed.running().map(({ match, where, rate, parent, remainingMs }) => ({
    ...{ match, where, rate, parent },
    forMs: remainingMs
  }))
}

/** Tells of every change. */
export function spread(timed: Timed, changed: (timed: Timed) => void): Timed {
  return {
    ...timed,
    put: rule => {
      const id = timed.put(rule)
      changed(timed)
      return id
    },
    end: id => {
      const ended = timed.end(id)
      changed(timed)
      return ended
    }
  }
}
