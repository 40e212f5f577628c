// Connections of HTTP/2 to one target, in the shape of those of HTTP/1 (h1-pool.ts). undici's own takes a
// stream that was reset halfway for complete: src/RATIONALE.md. It must not know what is asked.
import { connect as connectH2 } from 'node:http2'
import type { Socket } from 'node:net'
import type { Connector } from './connect.ts'
import { StreamCall, type StreamQueue } from './h2-call.ts'
import { createLane, isOver, type Lane, retire, roomOf } from './h2-lane.ts'
import { createSilence } from './h2-silence.ts'
import type { Control, Recipient, Sent } from './recipient.ts'
import { createSweep, type Looked, type Sweep, unseated } from './sweep.ts'
import { errors } from './undici.ts'

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

/** Milliseconds that an upstream has to say how much it takes, before another connection is made for what waits. */
const settling = 1_000

/** What comes twice is sent twice. Node takes it here as well; its types know it of servers alone. */
const faithful = { strictSingleValueFields: false }

/** A resource: it lives as long as its target is named. */
export class StreamPool implements StreamQueue {
  readonly #origin: URL
  readonly #options: StreamPoolOptions
  readonly #lanes = new Set<Lane>()
  readonly #waiting: StreamCall[] = []
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
    const call = new StreamCall(sent, recipient, this)
    this.#waiting.push(call)
    this.#advance()
    return call
  }

  /** Requests under way end, and those that wait are served; resolves when all are over. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#closing = resolve
      this.#settle()
    })
  }

  /** Nobody waits for it any more. */
  leave(call: StreamCall): void {
    const at = this.#waiting.indexOf(call)
    if (at !== -1) this.#waiting.splice(at, 1)
    this.#settle()
  }

  #free(): Lane | undefined {
    const now = performance.now()
    for (const lane of this.#lanes) {
      if (isOver(lane)) continue
      if (now - lane.born > this.#options.connectionAgeMs) retire(lane)
      else if (lane.open < roomOf(lane)) return lane
    }
    return undefined
  }

  #run(lane: Lane, call: StreamCall): void {
    lane.open++
    this.#running++
    const done = () => {
      lane.open--
      this.#running--
      if (lane.retired) retire(lane)
    }
    const began = call.start(lane, this.#origin, () => {
      done()
      this.#advance()
      this.#settle()
    })
    if (!began) done()
  }

  #advance(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#free()
      if (lane === undefined) return this.#grow()
      const next = this.#waiting.shift()
      if (next !== undefined) this.#run(lane, next)
    }
  }

  /** One more connection, for what waits; one at a time, for each has room for many. */
  #grow(): void {
    if (this.#connecting > 0 || this.#lanes.size >= this.#options.connections) return
    for (const lane of this.#lanes)
      if (!lane.settled && !isOver(lane) && performance.now() - lane.born < settling) return
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
    for (const call of this.#waiting.splice(0)) call.fail(error)
    this.#settle()
  }

  #open(socket: Socket): void {
    const { keepAlive, maxHeaderSize } = this.#options
    const session = connectH2(this.#origin, {
      createConnection: () => socket,
      settings: { enablePush: false, maxHeaderListSize: maxHeaderSize },
      ...faithful
    })
    const lane = createLane(session)
    this.#watch(lane, socket, keepAlive)
    this.#lanes.add(lane)
    // Each of its streams tells of it.
    session.on('error', () => {})
    session.once('close', () => {
      this.#lanes.delete(lane)
      this.#advance()
      this.#settle()
    })
    session.on('goaway', (_, last) => {
      lane.last = last
    })
    session.on('remoteSettings', () => {
      lane.settled = true
      this.#advance()
    })
    this.#advance()
    this.#settle()
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
      seat: unseated,
      look: time => {
        if (!lane.settled) this.#advance()
        const closed = isOver(lane)
        const due = listen(time, { open: lane.open, received: socket.bytesRead, answered, closed })
        if (due === 'ping' && !session.destroyed) session.ping(pong)
        else if (due === 'retire') retire(lane)
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

  /** A pool that is closing keeps its connections for as long as somebody waits for one. */
  #settle(): void {
    if (this.#closing === undefined || this.#waiting.length > 0) return
    for (const lane of this.#lanes) retire(lane)
    if (this.#lanes.size === 0 && this.#connecting === 0) this.#closing()
  }
}

const silent = new errors.SocketError('the upstream says nothing')

function speaksH2(socket: Socket): boolean {
  return 'alpnProtocol' in socket && socket.alpnProtocol === 'h2'
}
