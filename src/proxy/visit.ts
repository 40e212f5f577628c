// What node:http takes for a caller's connection while something passes: it comes with the first byte and leaves when the
// connection is idle, which node:http would spend five times as much on. The socket behind it stays where it is. It must
// not know requests, nor when to leave (lobby.ts).
// Any Duplex may be a connection: https://nodejs.org/api/http.html#event-connection
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** Who takes connections back. */
export type Host = {
  /** What comes of a visit that node:http closes. */
  readonly closing: (visit: Visit) => 'connection ends' | 'visit ends' | 'stays'
  /** The visit is over, its connection is not. */
  readonly left: (visit: Visit) => void
}

/** A resource: it ends with its connection, or before. */
export class Visit extends Duplex {
  readonly raw: Socket
  readonly #host: Host
  #leaves = false
  #ended = false
  /** Something came since somebody last looked. */
  stirred = true
  /** That its connection has brought, before it as well. */
  requests: number

  constructor(raw: Socket, requests: number, host: Host) {
    super(options)
    this.raw = raw
    this.requests = requests
    this.#host = host
  }

  // As exchanges know a socket.
  get remoteAddress(): string | undefined {
    return this.raw.remoteAddress
  }
  get localPort(): number | undefined {
    return this.raw.localPort
  }
  get bytesRead(): number {
    return this.raw.bytesRead
  }

  /** Bytes of the caller. */
  hear(chunk: Buffer): void {
    this.stirred = true
    if (!this.push(chunk)) this.raw.pause()
  }

  /** The caller ends its side. */
  hearEnd(): void {
    this.#ended = true
    this.push(null)
  }

  override _read(): void {
    if (this.raw.isPaused()) this.raw.resume()
  }

  // Done when the system has it: until then it is not sent, and counts as waiting here.
  override _write(
    chunk: Buffer | string,
    encoding: BufferEncoding,
    done: (error?: Error | null) => void
  ): void {
    this.raw.write(chunk, encoding, done)
  }

  override _writev(chunks: Written[], done: (error?: Error | null) => void): void {
    const last = chunks.length - 1
    this.raw.cork()
    for (const [index, { chunk, encoding }] of chunks.entries()) {
      if (index === last) this.raw.write(chunk, encoding, done)
      else this.raw.write(chunk, encoding)
    }
    this.raw.uncork()
  }

  override _final(done: () => void): void {
    if (this.raw.destroyed) done()
    else this.raw.end(() => done())
  }

  /** node:http closes what is idle; whoever brought it to do so may want no more than the end of the visit. */
  override destroy(error?: Error): this {
    if (this.destroyed || error !== undefined) return super.destroy(error)
    const end = this.#host.closing(this)
    if (end === 'connection ends') return super.destroy()
    // What is on its way in or out would be lost.
    const still = this.readableLength === 0 && this.writableLength === 0 && !this.#ended && this.writable
    if (end === 'stays' || !still) return this
    this.#leaves = true
    return super.destroy()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#leaves) this.#host.left(this)
    else this.raw.destroy()
    done(error)
  }

  /** Closes the connection once everything is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  resetAndDestroy(): this {
    this.raw.resetAndDestroy()
    return this
  }
}

type Written = { chunk: Buffer | string; encoding: BufferEncoding }

// node:http tells sockets to end by itself. Text goes to the system as it is, without a copy.
const options = { allowHalfOpen: true, decodeStrings: false } as const

/** The socket itself, of a connection as node:http shows it. */
export function rawOf(socket: Socket): Socket {
  const shown: Duplex = socket
  return shown instanceof Visit ? shown.raw : socket
}

/** Requests of connections that are no visits. */
const counts = new WeakMap<Duplex, number>()

/** It has brought so many requests before it came to node:http for good. */
export function count(connection: Duplex, requests: number): void {
  counts.set(connection, requests)
}

/** How many requests the connection has brought, with this one. */
export function countOn(socket: Socket): number {
  const shown: Duplex = socket
  if (shown instanceof Visit) return ++shown.requests
  const requests = (counts.get(shown) ?? 0) + 1
  counts.set(shown, requests)
  return requests
}
