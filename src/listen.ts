// Binds a server to an address: the one place that turns node's events into a promise.
import type { Server } from 'node:net'

/** The port that was bound; 0 asks for any free one. Rejects with the error of node:net when it cannot be had. */
export function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
