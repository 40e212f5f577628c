// A port where nobody listens, and where nobody will: it is the caller's end of a connection that is kept open.
// A port that was merely given back may be another test's the moment after.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Teardown } from './running.ts'
import { portFor } from './served.ts'

/** Connections to it are refused until the test ends. */
export async function holdClosedPort(t: Teardown): Promise<number> {
  const server = createServer(socket => socket.on('error', () => {}))
  const port = await portFor(server)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  t.teardown(() => {
    socket.destroy()
    server.close()
  })
  if (socket.localPort === undefined) throw new Error('no port')
  return socket.localPort
}
