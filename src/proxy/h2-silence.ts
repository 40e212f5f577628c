// Whether a connection to an upstream by HTTP/2 is still any good: judged by looking at it now and then. It knows no
// socket and no clock.

/** A connection, as it is when it is looked at. */
export type LaneState = {
  /** Streams at present. */
  readonly open: number
  /** Bytes that came on it. */
  readonly received: number
  /** PINGs of ours that were answered. */
  readonly answered: number
  /** It takes no more streams. */
  readonly closed: boolean
}

/**
 * `ping` to be asked whether it is there; `retire` for no more requests; `dead` for one that nothing comes from, and
 * `left` for one that is over and whose upstream does not hang up.
 */
export type LaneDue = 'ping' | 'retire' | 'dead' | 'left'

/** Milliseconds without a byte, while something is asked, until a PING. */
const quiet = 5_000
/** Milliseconds from a PING without an answer, until no request goes there, and until those that did are given up. */
const doubt = 5_000
const death = 30_000
/**
 * Milliseconds between PINGs while nothing else comes: servers of gRPC end connections of those who ask more often.
 * https://github.com/grpc/grpc/blob/master/doc/keepalive.md
 */
const again = 300_000
/** Milliseconds that an upstream has to hang up. */
const farewell = 3_000

/** Bytes of an answer to PING. https://www.rfc-editor.org/rfc/rfc9113#section-6.7 */
const pong = 17

/** Gives what a connection is due, at this time in milliseconds. */
export type Listen = (time: number, state: LaneState) => LaneDue | undefined

/** `keepAlive` in milliseconds without a stream. */
export function createSilence(keepAlive: number): Listen {
  let idleSince: number | undefined
  let endsSince: number | undefined
  let quietSince: number | undefined
  let pingedAt: number | undefined
  let waiting = false
  let received = 0
  let answered = 0

  return (time, state) => {
    const { open } = state
    const came = state.received - received
    if (came > 0) {
      if (came > pong * (state.answered - answered)) pingedAt = undefined
      waiting = false
      quietSince = time
    }
    received = state.received
    answered = state.answered

    if (open > 0) idleSince = endsSince = undefined
    else idleSince ??= time
    if (open === 0 && state.closed) {
      endsSince ??= time
      return time - endsSince > farewell ? 'left' : undefined
    }
    if (waiting && pingedAt !== undefined && time - pingedAt > doubt) {
      if (time - pingedAt > death) return 'dead'
      return state.closed ? undefined : 'retire'
    }
    if (open === 0) {
      quietSince = undefined
      return idleSince !== undefined && time - idleSince > keepAlive ? 'retire' : undefined
    }
    quietSince ??= time
    if (waiting || time - quietSince <= quiet) return undefined
    if (pingedAt !== undefined && time - pingedAt <= again) return undefined
    pingedAt = time
    waiting = true
    return 'ping'
  }
}
