// A process of the bench: opens connections, has one request answered on each, and keeps them.
import { connect, type Socket } from 'node:net'

export type HoldOrder = { readonly port: number; readonly connections: number }

const atOnce = 100
const request = 'GET /orders/42 HTTP/1.1\r\nhost: a\r\n\r\n'
const kept = new Set<Socket>()

/** Resolves when it is answered, or broken off. */
function hold(port: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket = connect(port, '127.0.0.1')
  kept.add(socket)
  socket.on('connect', () => socket.write(request))
  socket.on('data', () => resolve())
  socket.on('error', () => resolve())
  socket.on('close', () => {
    kept.delete(socket)
    resolve()
  })
  return promise
}

process.on('message', ({ port, connections }: HoldOrder) => {
  void (async () => {
    for (let asked = 0; asked < connections; asked += atOnce) {
      const some = Math.min(atOnce, connections - asked)
      await Promise.all(Array.from({ length: some }, () => hold(port)))
    }
    process.send?.({ held: kept.size })
  })()
})
process.send?.({})
process.on('disconnect', () => process.exit())
