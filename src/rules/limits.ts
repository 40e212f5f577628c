// What one caller, or all together, may take of the gateway: how much, and for how long. Bytes and milliseconds; a time
// of 0 waits for ever.

/** Of one listener. */
export type ListenLimits = {
  /** Bytes of a request's header. */
  readonly header: number
  /** Fields of a request. */
  readonly fields: number
  /** Bytes of a request's target: path and query. */
  readonly target: number
  /** Connections at a time. */
  readonly connections: number
  /** Requests on one connection. */
  readonly requests: number
}

/** Of one listener. */
export type ListenTimeouts = {
  readonly handshake: number
  readonly header: number
  /** From a request's header to the end of its body, where the route does not say. */
  readonly request: number
  readonly keepAlive: number
  /** For a caller to take what waits for it. */
  readonly write: number
}

/** Of one process. */
export type Limits = {
  /** Requests at a time. */
  readonly inFlight: number
}

/** How a process ends. */
export type Drain = {
  /** How long it still takes connections, though it says that it is not ready. */
  readonly linger: number
  /** How long requests in flight then have to end. */
  readonly timeout: number
}

/** When a process has too much to do; undefined where nobody watches. */
export type Overload = {
  /** The delay of the event loop that is too much. */
  readonly delay: number
  /** Bytes of memory that are too much; undefined for what the system allows. */
  readonly memory: number | undefined
}
