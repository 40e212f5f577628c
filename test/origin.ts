// An upstream on a plain socket: it keeps each request byte for byte, and answers with the bytes that it is told.

import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createMessageReader, type Message } from './message.ts'
import type { Teardown } from './running.ts'
import { portFor } from './served.ts'

export type Origin = {
  readonly url: string
  readonly port: number
  readonly requests: readonly Message[]
  /** The last one; an error when there is none. */
  readonly last: () => Message
  /** Accepted so far. */
  readonly connections: () => number
  /** Those that are open now. */
  readonly open: ReadonlySet<Socket>
}

/** A string is the whole answer; nothing means that the function has seen to it, or that there is none. */
export type Respond = (request: Message, socket: Socket) => string | undefined

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Ends with the test. */
export async function startOrigin(t: Teardown, respond: Respond = () => ok): Promise<Origin> {
  const requests: Message[] = []
  const open = new Set<Socket>()
  let connections = 0
  const server = createServer(socket => {
    connections++
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => {})
    const reader = createMessageReader(request => {
      requests.push(request)
      const answer = respond(request, socket)
      if (answer !== undefined) socket.write(answer, 'latin1')
    })
    socket.on('data', reader.push)
  })
  const port = await portFor(server)
  t.teardown(async () => {
    for (const socket of open) socket.destroy()
    await once(server.close(), 'close')
  })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    last: () => {
      const request = requests.at(-1)
      if (request === undefined) throw new Error('nothing reached the upstream')
      return request
    },
    connections: () => connections,
    open
  }
}
