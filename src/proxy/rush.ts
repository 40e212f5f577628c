// The end of a rush: many connections had something asked at once, and hardly any has now. What that took is garbage by
// then, which V8 would keep until the next rush. It must not know connections.
// https://nodejs.org/api/cli.html#--expose-gc; bin/tracebridge starts Node so, and without it nothing happens here.

/** To be told every now and then how many visits ended since the last time, and how many there are. */
export type Rush = (ended: number, left: number) => void

const many = 4_000
const few = 16
/** Milliseconds from one collection to the next, for each holds up the event loop: src/RATIONALE.md. */
const apart = 60_000

export function createRush(
  collect: (() => void) | undefined = collector(),
  now: () => number = () => performance.now()
): Rush {
  let seen = 0
  let last = -apart
  return (ended, left) => {
    seen += ended
    // It is over where a second passed in which next to nothing ended.
    if (seen < many || ended > few || left > few || now() - last < apart) return
    seen = 0
    last = now()
    collect?.()
  }
}

function collector(): (() => void) | undefined {
  const { gc } = globalThis
  // In a task of its own.
  return gc && (() => void gc({ type: 'major', execution: 'async', flavor: 'last-resort' }))
}
