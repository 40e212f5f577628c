// The end of a connection on which no request can follow. Whoever is told something may still read it, and nobody is
// waited for beyond that. It must not know why.
import type { Socket } from 'node:net'

/** Milliseconds for the caller to end its side, too. */
const patience = 2_000

/** Ends the connection, with these last bytes where there are any. */
export function part(socket: Socket, last?: string): void {
  // An error without a listener ends the process.
  socket.on('error', () => socket.destroy())
  // What is unread at the end would make the system reset the connection, and the answer with it.
  socket.resume()
  if (last === undefined) socket.end()
  else socket.end(last, 'latin1')
  // Who keeps its side open would keep ours for ever.
  const timer = setTimeout(() => socket.destroy(), patience)
  socket.once('close', () => clearTimeout(timer))
}
