// A free port for a process of the bench.
import type { Server } from 'node:net'

/** Listens on loopback, on any free port, which it returns. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
