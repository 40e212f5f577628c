// Who stopped sending or taking: judged by looking at a request now and then, so that nothing is kept or set for one
// that goes on as it should. It knows no socket and no clock.
// After Envoy's stream_idle_timeout, which ends peers that never read as well as those that never write:
// https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts

/** Milliseconds; 0 for ever. */
export type Patience = {
  /** For the whole request to arrive. */
  readonly request: number
  /** Without a byte in either direction. */
  readonly idle: number
  /** For the upstream to begin its answer. */
  readonly firstByte: number
  /** For the caller to take what waits for it. */
  readonly write: number
  /** For all of it, whatever goes on. */
  readonly deadline: number
}

/** A request, as it is when it is looked at. */
export type Flow = {
  /** All of it is here. */
  readonly arrived: boolean
  /** Bytes that came on its connection; undefined where that is gone. */
  readonly received: number | undefined
  /** Bytes of its body wait for the upstream to take them. */
  readonly held: boolean
  /** Attempts at upstreams so far. */
  readonly attempts: number
  /** The answer has begun. */
  readonly answered: boolean
  /** Bytes of the answer so far. */
  readonly sent: number
  /** The whole answer was handed over. */
  readonly ended: boolean
  /** The caller has to take something before it gets more. */
  readonly full: boolean
}

/**
 * What took too long: the arrival of the request, the upstream's answer, any byte at all, the caller's reading, or the
 * whole.
 */
export type Stalled = 'request' | 'first-byte' | 'idle' | 'write' | 'deadline'

/** Gives what took too long, at this time in milliseconds. */
export type Look = (time: number, flow: Flow) => Stalled | undefined

/** Times run from the first look at which something was so: never too early, and late by the time between looks. */
export function createStall({ request, idle, firstByte, write, deadline }: Patience, begun: number): Look {
  let received: number | undefined
  let sent = 0
  let attempts = 0
  let arrived = false
  let movedAt = begun
  let askedAt = begun
  let waitsSince: number | undefined

  return (time, flow) => {
    // What comes behind the request is another one.
    const came = !arrived && flow.received !== received
    if (came || flow.sent !== sent) movedAt = time
    if (came || flow.attempts !== attempts) askedAt = time
    // A reader that takes some of it is slow, and waited for anew.
    if (!(flow.full || flow.ended)) waitsSince = undefined
    else if (waitsSince === undefined || flow.sent !== sent) waitsSince = time
    arrived = flow.arrived
    received = flow.received
    sent = flow.sent
    attempts = flow.attempts

    if (waitsSince !== undefined && over(time - waitsSince, write)) return 'write'
    if (flow.ended) return undefined
    if (over(time - begun, deadline)) return 'deadline'
    if (!flow.arrived && over(time - begun, request)) return 'request'
    // What comes late from a caller is not the upstream's fault.
    if (!flow.arrived && !flow.held && !flow.answered) {
      return over(time - movedAt, idle) ? 'request' : undefined
    }
    if (!flow.answered) return attempts > 0 && over(time - askedAt, firstByte) ? 'first-byte' : undefined
    return !flow.full && over(time - movedAt, idle) ? 'idle' : undefined
  }
}

function over(waited: number, limit: number): boolean {
  return limit > 0 && waited > limit
}
