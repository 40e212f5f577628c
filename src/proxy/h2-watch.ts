// Whether a session in front has to go: judged by looking at it now and then, so that nothing is set for one that goes
// on as it should. It knows no socket and no clock.

/** A session, as it is when it is looked at. */
export type Visit = {
  /** Streams at present. */
  readonly open: number
  /** Bytes that came on its connection. */
  readonly received: number
  /** Whole frames known of: streams begun and ended, PING, SETTINGS. */
  readonly frames: number
  /** It takes no more streams. */
  readonly closed: boolean
}

/** Milliseconds. */
export type WatchPatience = {
  /** For the header of a request to arrive. */
  readonly header: number
  /** Without a stream. */
  readonly keepAlive: number
}

/** `slow` for bytes that become no request, `idle` for no request at all, `left` for a caller that does not hang up. */
export type Due = 'slow' | 'idle' | 'left'

/** Milliseconds that a caller has to hang up, once its session is over. */
const farewell = 3_000

/** Gives what a session is due, at this time in milliseconds. */
export type Watch = (time: number, visit: Visit, patience: WatchPatience) => Due | undefined

export function createWatch(): Watch {
  let idleSince: number | undefined
  let endsSince: number | undefined
  /** Bytes accounted for by frames, as far as a look can tell. */
  let known = 0
  let frames = 0
  /** When bytes of no known frame were first seen, and how many there were. */
  let strangeSince: number | undefined
  let strange = 0

  return (time, visit, { header, keepAlive }) => {
    if (visit.open > 0 || visit.frames !== frames) {
      frames = visit.frames
      known = visit.received
      strangeSince = undefined
    }
    idleSince ??= time
    if (visit.open > 0) {
      idleSince = time
      endsSince = undefined
      return undefined
    }
    if (visit.closed) {
      endsSince ??= time
      return time - endsSince > farewell ? 'left' : undefined
    }
    // PINGs do not prolong it: nobody uses it.
    if (keepAlive > 0 && time - idleSince > keepAlive) return 'idle'
    if (visit.received === known) return undefined
    if (strangeSince === undefined) {
      strangeSince = time
      strange = visit.received
    }
    // WINDOW_UPDATE behind an answer is not seen either; it comes alone. What stops halfway is idle, in the end.
    return header > 0 && time - strangeSince > header && visit.received > strange ? 'slow' : undefined
  }
}
