// Servers of tests: on loopback, on any free port.
import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Server } from 'node:net'
import { listenOn } from '../src/listen.ts'
import type { Teardown } from './running.ts'

/** The port that it listens on now; who asks also closes it. */
export function portFor(server: Server): Promise<number> {
  return listenOn(server, '127.0.0.1', 0)
}

/** The port that it listens on until the test ends. */
export async function serveFor(t: Teardown, server: HttpServer | HttpsServer): Promise<number> {
  const port = await portFor(server)
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return port
}
