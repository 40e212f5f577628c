// One connection of HTTP/2 to an upstream: how much it takes at once, and how it ends. Must not know who waits for it
// (h2-pool.ts).
import type { ClientHttp2Session } from 'node:http2'
import type { Carrier } from './recipient.ts'

export type Lane = Carrier & {
  readonly session: ClientHttp2Session
  readonly born: number
  /** Streams at present. */
  open: number
  /** The upstream has said how many streams it may have. */
  settled: boolean
  /** It takes no more requests, and ends with those that it has. */
  retired: boolean
  /** The last stream that the upstream may have seen to; all of them, unless it said otherwise. */
  last: number
}

/** What an upstream may have at once on a connection, unless it asks for less. */
const maxStreams = 100

export function createLane(session: ClientHttp2Session): Lane {
  let used = false
  const lane: Lane = {
    session,
    born: performance.now(),
    open: 0,
    settled: false,
    retired: false,
    last: Number.POSITIVE_INFINITY,
    take: () => {
      const before = used
      used = true
      return before
    },
    isUsed: () => used,
    // Its other streams may yet end well.
    distrust: () => retire(lane)
  }
  return lane
}

/** Before it is known how many may be at once, one alone: those beyond would be refused. */
export function roomOf({ session, settled }: Lane): number {
  if (!settled) return 1
  return Math.min(maxStreams, session.remoteSettings.maxConcurrentStreams ?? maxStreams)
}

export function isOver({ session, retired }: Lane): boolean {
  return retired || session.closed || session.destroyed
}

/** Not before its last stream is over: GOAWAY would overtake a request that was handed over just now. */
export function retire(lane: Lane): void {
  lane.retired = true
  if (lane.open === 0 && !lane.session.closed) lane.session.close()
}
