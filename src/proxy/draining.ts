// The end of a door: no new connection, and one after the other of those that are in. It must not know requests.
import { Server as NetServer, type Socket } from 'node:net'
import type { Door } from './door.ts'

/** Milliseconds between looks at what is idle. */
const look = 250

/**
 * `close` of node:http cuts connections that are idle this very moment, and with them the requests that are on the
 * way; those that are busy it leaves open for good. Here only the listening ends at once: each connection ends with
 * its next answer, and what is idle by then is swept. So are those on which nothing was ever sent, as browsers open
 * them ahead.
 */
export function drain(
  { server, lobby, streams }: Door,
  connections: ReadonlySet<Socket>,
  deadlineMs: number
): Promise<void> {
  return new Promise(resolve => {
    streams?.drain()
    const idle = setInterval(() => {
      lobby.clear()
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
    }, look)
    const deadline = setTimeout(() => {
      streams?.cut()
      for (const socket of connections) socket.destroy()
    }, deadlineMs)
    NetServer.prototype.close.call(server, () => {
      clearInterval(idle)
      clearTimeout(deadline)
      // Ends its timers.
      server.close()
      resolve()
    })
  })
}
