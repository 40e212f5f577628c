// Connections of HTTP/2 to one target, in the shape of those of HTTP/1 (h1-pool.ts). undici's own takes a
// stream that was reset halfway for complete: src/RATIONALE.md. It must not know what is asked.
import { type ClientHttp2Session, connect as connectH2 } from 'node:http2'
import type { Socket } from 'node:net'
import { errors } from 'undici'
import type { Connector } from './connect.ts'
import { StreamCall } from './h2-call.ts'
import { createSilence } from './h2-silence.ts'
import type { Carrier, Control, Recipient, Sent } from './recipient.ts'
import { createSweep, type Looked, type Sweep } from './sweep.ts'

export type StreamPoolOptions = {
  readonly connect: Connector
  readonly connections: number
  /** Milliseconds after which a connection takes no more requests. */
  readonly connectionAgeMs: number
  /** Milliseconds that a connection without streams is kept. */
  readonly keepAlive: number
  /** Bytes of an answer's header. */
  readonly maxHeaderSize: number
  /** When connections are looked at; its own, unless a clock is given. */
  readonly sweep?: Pick<Sweep, 'add' | 'delete'>
}

/** One connection. */
type Lane = Carrier & {
  readonly session: ClientHttp2Session
  readonly born: number
  open: number
}

/** What an upstream may have at once on a connection, unless it asks for less. */
const maxStreams = 100

/** What comes twice is sent twice. Node takes it here as well; its types know it of servers alone. */
const faithful = { strictSingleValueFields: false }

/** A resource: it lives as long as its target is named. */
export class StreamPool {
  readonly #origin: URL
  readonly #options: StreamPoolOptions
  readonly #lanes = new Set<Lane>()
  readonly #waiting: { readonly call: StreamCall; readonly recipient: Recipient }[] = []
  readonly #sweep: Pick<Sweep, 'add' | 'delete'>
  #connecting = 0
  #running = 0
  #closing: (() => void) | undefined

  constructor(origin: string, options: StreamPoolOptions) {
    this.#origin = new URL(origin)
    this.#options = options
    this.#sweep = options.sweep ?? createSweep()
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  get stats() {
    return { connected: this.#lanes.size, running: this.#running, pending: this.#waiting.length }
  }

  dispatch(sent: Sent, recipient: Recipient): Control {
    const call = new StreamCall(sent, recipient)
    const lane = this.#free()
    if (lane !== undefined) this.#run(lane, call, recipient)
    else {
      this.#waiting.push({ call, recipient })
      this.#grow()
    }
    return call
  }

  /** Requests under way end; resolves when all have. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#closing = resolve
      for (const { session } of this.#lanes) session.close()
      this.#settle()
    })
  }

  #free(): Lane | undefined {
    const now = performance.now()
    for (const lane of this.#lanes) {
      const { session, open, born } = lane
      if (session.closed || session.destroyed) continue
      if (now - born > this.#options.connectionAgeMs) session.close()
      else if (open < Math.min(maxStreams, session.remoteSettings.maxConcurrentStreams ?? maxStreams))
        return lane
    }
    return undefined
  }

  #run(lane: Lane, call: StreamCall, recipient: Recipient): void {
    recipient.carrier = lane
    lane.open++
    this.#running++
    call.start(lane.session, this.#origin, () => {
      lane.open--
      this.#running--
      this.#advance()
      this.#settle()
    })
  }

  #advance(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#free()
      if (lane === undefined) return this.#grow()
      const next = this.#waiting.shift()
      if (next?.call.over === false) this.#run(lane, next.call, next.recipient)
    }
  }

  /** One more connection, for what waits; one at a time, for each has room for many. */
  #grow(): void {
    if (this.#connecting > 0 || this.#lanes.size >= this.#options.connections) return
    this.#connecting++
    const { protocol, host, hostname, port } = this.#origin
    // As undici calls its own.
    this.#options.connect(
      { hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port },
      (...[error, socket]) => {
        this.#connecting--
        if (error !== null) this.#refuse(error)
        else if (socket.destroyed) this.#refuse(new errors.SocketError('the connection is gone'))
        else if (protocol === 'https:' && !speaksH2(socket)) {
          socket.destroy()
          this.#refuse(new errors.HTTPParserError('the upstream speaks no HTTP/2'))
        } else this.#open(socket)
      }
    )
  }

  /** Nobody who waited for this connection gets one. */
  #refuse(error: Error): void {
    for (const { call } of this.#waiting.splice(0)) call.fail(error)
    this.#settle()
  }

  #open(socket: Socket): void {
    const { keepAlive, maxHeaderSize } = this.#options
    const session = connectH2(this.#origin, {
      createConnection: () => socket,
      settings: { enablePush: false, maxHeaderListSize: maxHeaderSize },
      ...faithful
    })
    let used = false
    const lane: Lane = {
      session,
      born: performance.now(),
      open: 0,
      take: () => {
        const before = used
        used = true
        return before
      },
      isUsed: () => used,
      // Its other streams may yet end well.
      distrust: () => session.close()
    }
    this.#watch(lane, socket, keepAlive)
    this.#lanes.add(lane)
    // Each of its streams tells of it.
    session.on('error', () => {})
    session.once('close', () => {
      this.#lanes.delete(lane)
      this.#advance()
      this.#settle()
    })
    // It may allow more, or less, than was thought.
    session.on('remoteSettings', () => this.#advance())
    if (this.#closing !== undefined) session.close()
    this.#advance()
  }

  /** A connection that says nothing is found out, and one that is over does not stay for want of an answer. */
  #watch(lane: Lane, socket: Socket, keepAlive: number): void {
    const { session } = lane
    const listen = createSilence(keepAlive)
    let answered = 0
    const pong = (error: Error | null) => {
      if (error === null) answered++
    }
    const looked: Looked = {
      look: time => {
        const closed = session.closed || session.destroyed
        const due = listen(time, { open: lane.open, received: socket.bytesRead, answered, closed })
        if (due === 'ping' && !session.destroyed) session.ping(pong)
        else if (due === 'retire') session.close()
        else if (due === 'dead' || due === 'left') {
          session.destroy(silent)
          // Node would wait for the other side's end.
          socket.destroy()
        }
      }
    }
    this.#sweep.add(looked)
    session.once('close', () => this.#sweep.delete(looked))
  }

  #settle(): void {
    if (this.#lanes.size === 0 && this.#connecting === 0 && this.#waiting.length === 0) this.#closing?.()
  }
}

const silent = new errors.SocketError('the upstream says nothing')

function speaksH2(socket: Socket): boolean {
  return 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'
}
