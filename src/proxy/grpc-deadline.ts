// When a call by gRPC is over, as its caller says: how long that is, what of it is left for another attempt, and the
// words in which it ends. It must not know who waits, nor count the time (stall.ts).
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import type { Read } from '../dialects/dialect.ts'
import { isGrpc } from '../report/grpc.ts'
import type { Failure } from './failure.ts'
import { named } from './fields.ts'

// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests: Timeout; zero is not positive, hence none
const timeout = /^(\d{1,8})([HMSmun])$/

const milliseconds: ReadonlyMap<string | undefined, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6]
])

/** Digits that a timeout can have. */
const most = 99_999_999

/**
 * Milliseconds beyond a deadline: the caller and the service count as well, and either knows better than the gateway how
 * the call ended.
 */
const grace = 100

/** Milliseconds that a call may take; 0 for what is no call, sets no deadline, or sets one that makes no sense. */
export function deadlineOf(read: Read): number {
  const [, digits, unit] = timeout.exec(read('grpc-timeout') ?? '') ?? []
  return isGrpc(read('content-type')) ? Number(digits ?? 0) * (milliseconds.get(unit) ?? 0) : 0
}

/** Milliseconds after which the gateway ends a call with this deadline; 0 for never. */
export function patienceFor(deadline: number): number {
  return deadline === 0 ? 0 : deadline + grace
}

/** Tells a later attempt what is left of the time, in place of what the caller had: it gets no fresh deadline. */
export function tellWhatIsLeft(fields: string[], left: number): void {
  for (let i = 0; i < fields.length; i += 2)
    if (named(fields[i] ?? '', 'grpc-timeout')) fields[i + 1] = timeoutOf(Math.max(1, left))
}

function timeoutOf(ms: number): string {
  return ms <= most ? `${Math.ceil(ms)}m` : `${Math.ceil(ms / 1000)}S`
}

/** What a call that failed so is told in its trailers, or in its header where nothing has gone ahead. */
export function statusOf({ grpc = 2, message }: Failure): [string, string][] {
  return [
    ['grpc-status', String(grpc)],
    ['grpc-message', message]
  ]
}
