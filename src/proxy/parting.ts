// The end of a connection on which no request can follow. Whoever is told something may still read it, and nobody is
// waited for beyond that. It must not know why.
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'

/** Milliseconds for the caller to end its side, too. */
const patience = 2_000

/** So many times that, where bytes of the request still come. */
const rounds = 3

/**
 * Has the answer to a request that is not all here end its connection in the same way: node:http would close it at once,
 * and what comes after that makes the system take the answer back. https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function linger(request: Readable & { readonly socket: Socket }): void {
  const { socket } = request
  socket.destroySoon = () => {
    request.resume()
    part(socket, undefined, rounds)
  }
}

/** Ends the connection, with these last bytes where there are any. */
export function part(socket: Socket, last?: string, most = 1): void {
  // An error without a listener ends the process.
  socket.on('error', () => socket.destroy())
  // What is unread at the end would make the system reset the connection, and the answer with it.
  socket.resume()
  if (last === undefined) socket.end()
  else socket.end(last, 'latin1')
  // Who keeps its side open would keep ours for ever.
  let left = most
  let received = socket.bytesRead
  const timer = setInterval(() => {
    if (--left === 0 || socket.bytesRead === received) socket.destroy()
    received = socket.bytesRead
  }, patience)
  socket.once('close', () => clearInterval(timer))
}
