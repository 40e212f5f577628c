// How long a request may take where, and what it ends in when it takes longer. stall.ts tells when that is.
import type { ListenTimeouts } from '../rules/limits.ts'
import type { Route } from '../rules/rules.ts'
import { type Failure, failures } from './failure.ts'
import { patienceFor } from './grpc-deadline.ts'
import type { Patience, Stalled } from './stall.ts'
import { errors } from './undici.ts'

/** What each kind of stall ends in, with the cause that logs and spans give. */
export const tooLate: Readonly<Record<Stalled, { readonly failure: Failure; readonly cause?: string }>> = {
  request: { failure: failures.requestTimeout },
  'first-byte': { failure: failures.upstreamTimeout, cause: new errors.HeadersTimeoutError().code },
  idle: { failure: failures.upstreamIncomplete, cause: new errors.BodyTimeoutError().code },
  write: { failure: failures.callerStalled },
  deadline: { failure: failures.deadlineExceeded }
}

/** With a route the route's, before that the listener's. `deadline` is the caller's own, 0 for none. */
export function patienceOf(
  route: Route | undefined,
  here: ListenTimeouts | undefined,
  deadline: number
): Patience {
  const { request = here?.request ?? 0, idle = 0, firstByte = 0 } = route?.timeouts ?? {}
  return { request, idle, firstByte, write: here?.write ?? 0, deadline: patienceFor(deadline) }
}
