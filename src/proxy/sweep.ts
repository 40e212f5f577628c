// One look at everything under way, twenty times a second, in place of timers for each.

/** What is looked at; `time` in milliseconds, by a clock that begins anywhere and never runs backwards. */
export type Looked = {
  readonly look: (time: number) => void
  /** Its place in the sweep that it is in; `unseated` outside of one. */
  seat: number
}

export const unseated = -1

export type Sweep = {
  readonly add: (one: Looked) => void
  readonly delete: (one: Looked) => void
  readonly close: () => void
}

const everyMs = 50

export function createSweep(): Sweep {
  // No Set: one that many come to and leave is made anew each few dozen requests, each old table of V8 keeps the next one
  // alive, and all of them whoever was in them, until the old generation is collected. That was an eighth of a request.
  const all: Looked[] = []
  let time = 0
  let last = 0
  let timer: NodeJS.Timeout | undefined

  function sweep(): void {
    // Who has nothing to do sleeps.
    if (all.length === 0) return stop()
    const now = performance.now()
    // While the process did not get to run, nobody could do anything either.
    time += Math.min(now - last, 2 * everyMs)
    last = now
    // From behind: who leaves is replaced by the last one, who was looked at already.
    for (let seat = all.length - 1; seat >= 0; seat--) all[seat]?.look(time)
  }
  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    add: one => {
      if (one.seat !== unseated) return
      one.seat = all.length
      all.push(one)
      if (timer !== undefined) return
      last = performance.now()
      timer = setInterval(sweep, everyMs).unref()
    },
    delete: one => {
      if (one.seat === unseated) return
      const last = all.pop()
      if (last !== undefined && last !== one) {
        all[one.seat] = last
        last.seat = one.seat
      }
      one.seat = unseated
    },
    close: stop
  }
}
