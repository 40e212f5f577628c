// Requests of HTTP/1 that came before the one ahead of them was answered: they wait, in their order, for one of a
// connection is under way at a time. Behind an answer that ends the connection nothing is served any more, for nobody
// could be told what became of it. It must not know what serving is.
// https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2 https://www.rfc-editor.org/rfc/rfc9112#section-9.6
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Door } from './door.ts'
import type { Failure } from './failure.ts'

export type Waiting = {
  readonly door: Door
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What it will be answered, where that is known already. */
  readonly failure: Failure | undefined
}

export type Turns = {
  readonly wait: (socket: Socket, one: Waiting) => void
  /** Whose turn it is, once what was under way is over; undefined when nobody waits, or nobody may be served. */
  readonly next: (socket: Socket) => Waiting | undefined
}

/** So many may wait before no more is read; the rest of what was read together waits as well. */
const most = 16

export function createTurns(): Turns {
  /** Of connections where somebody waits. */
  const queues = new WeakMap<Socket, { readonly waiting: Waiting[]; paused: boolean }>()
  return {
    wait: (socket, one) => {
      const queue = queues.get(socket) ?? { waiting: [], paused: false }
      queues.set(socket, queue)
      if (queue.waiting.push(one) <= most || queue.paused) return
      queue.paused = true
      socket.pause()
    },
    next: socket => {
      const queue = queues.get(socket)
      if (queue === undefined) return undefined
      const { waiting } = queue
      const one = waiting.shift()
      // node:http hands the connection on to the next answer, unless the one before has ended it.
      const ended = one === undefined || one.response.socket === null || !socket.writable
      if (ended) for (const { request } of waiting) request.resume()
      if (ended || waiting.length === 0) queues.delete(socket)
      if (queue.paused && (ended || waiting.length <= most / 2)) {
        queue.paused = false
        socket.resume()
      }
      return ended ? undefined : one
    }
  }
}
