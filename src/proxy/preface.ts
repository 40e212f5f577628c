// Which protocol a connection in plain text speaks: HTTP/2 begins with a preface that is no request. Must not answer.
import type { Socket } from 'node:net'

// https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export type Speakers = { readonly http1: (socket: Socket) => void; readonly h2: (socket: Socket) => void }

/**
 * Hands a new connection to whoever speaks its protocol, with all of its bytes; one that has not said enough within
 * `patienceMs` is ended.
 */
export function tellApart(socket: Socket, { http1, h2 }: Speakers, patienceMs: number): void {
  let seen: Buffer = Buffer.alloc(0)
  // From its beginning: byte after byte would put off any other.
  const deadline = patienceMs > 0 ? setTimeout(giveUp, patienceMs).unref() : undefined

  function look(): void {
    const bytes: Buffer | null = socket.read()
    if (bytes !== null) seen = seen.length === 0 ? bytes : Buffer.concat([seen, bytes])
    const known = Math.min(seen.length, preface.length)
    const same = known > 0 && seen.compare(preface, 0, known, 0, known) === 0
    // The end of what was said comes as no bytes, too.
    if (same && known < preface.length && !socket.readableEnded) return
    if (known === 0 && !socket.readableEnded) return
    leave()
    // Who left without a word.
    if (known === 0) return giveUp()
    if (seen.length > 0) socket.unshift(seen)
    if (same) h2(socket)
    else http1(socket)
  }
  function leave(): void {
    socket.off('readable', look)
    socket.off('end', look)
    socket.off('error', giveUp)
    clearTimeout(deadline)
  }
  function giveUp(): void {
    leave()
    socket.destroy()
  }

  socket.on('readable', look)
  socket.on('end', look)
  socket.on('error', giveUp)
}
