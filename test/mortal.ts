// An upstream that dies and comes back at the same port. It dies as servers are killed: connections that were used
// before are reset, whatever is under way on them. One that has its first request is answered and then closed, so that
// nothing is lost which nobody may send again.
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createMessageReader } from './message.ts'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

export type Mortal = {
  readonly url: string
  /** Requests that were answered. */
  readonly served: () => number
  readonly die: () => Promise<void>
  readonly live: () => Promise<void>
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** False where the port is taken. */
export async function listens(server: Server, port: number): Promise<boolean> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false
    throw error
  }
}

/** Answers each request after so many milliseconds, which are asked for as it arrives; ends with the test. */
export async function startMortal(t: Teardown, delayMs: () => number = () => 1): Promise<Mortal> {
  let served = 0
  const used = new Map<Socket, boolean>()
  let dead = false
  let server: Server | undefined
  let port = 0

  const live = async () => {
    dead = false
    server = createServer(socket => {
      used.set(socket, false)
      socket.on('close', () => used.delete(socket))
      socket.on('error', () => {})
      const reader = createMessageReader(() => {
        setTimeout(() => {
          if (socket.destroyed) return
          served++
          if (dead) socket.end(ok)
          else socket.write(ok)
          used.set(socket, true)
        }, delayMs()).unref()
      })
      socket.on('data', reader.push)
    })
    const one = server
    // Meanwhile a connection of somebody else may have been given the port.
    await until(() => listens(one, port), 'its port is free again')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    port = address.port
  }
  const die = async () => {
    dead = true
    const closed = server === undefined || !server.listening ? undefined : once(server.close(), 'close')
    for (const [socket, before] of used) if (before) socket.resetAndDestroy()
    await closed
  }
  await live()
  t.teardown(async () => {
    for (const socket of used.keys()) socket.destroy()
    await die()
  })
  return { url: `http://127.0.0.1:${port}`, served: () => served, die, live }
}
