// One look at everything under way, twenty times a second, in place of timers for each.

/** What is looked at; `time` in milliseconds, by a clock that begins anywhere and never runs backwards. */
export type Looked = { readonly look: (time: number) => void }

export type Sweep = {
  readonly add: (one: Looked) => void
  readonly delete: (one: Looked) => void
  readonly close: () => void
}

const everyMs = 50

export function createSweep(): Sweep {
  const all = new Set<Looked>()
  let time = 0
  let last = 0
  let timer: NodeJS.Timeout | undefined

  function sweep(): void {
    // Who has nothing to do sleeps.
    if (all.size === 0) return stop()
    const now = performance.now()
    // While the process did not get to run, nobody could do anything either.
    time += Math.min(now - last, 2 * everyMs)
    last = now
    for (const one of all) one.look(time)
  }
  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  return {
    add: one => {
      all.add(one)
      if (timer !== undefined) return
      last = performance.now()
      timer = setInterval(sweep, everyMs).unref()
    },
    delete: one => void all.delete(one),
    close: stop
  }
}
