// Connections of HTTP/1 to one target, and the requests that wait for one. The one that was used last is used next, so
// that those which are not needed grow old. Must not know what is asked (h1-connection.ts) or whom else to ask
// (balance.ts).

import type { Dial } from './dial.ts'
import { Call, type Queue } from './h1-call.ts'
import { Connection, type Keeper } from './h1-connection.ts'
import type { Control, Recipient, Sent } from './recipient.ts'
import { type Looked, type Sweep, unseated } from './sweep.ts'
import { errors } from './undici.ts'

export type ConnectionPoolOptions = {
  readonly dial: Dial
  readonly connections: number
  /** Milliseconds after which a connection takes no more requests. */
  readonly connectionAgeMs: number
  /** Milliseconds that an idle connection is kept, where its upstream says nothing of it, and at most. */
  readonly keepAlive: number
  readonly keepAliveMax: number
  /** Bytes of an answer's header. */
  readonly maxHeaderSize: number
  /** When idle connections are looked at. */
  readonly sweep: Pick<Sweep, 'add' | 'delete'>
}

/** A resource: it lives as long as its target is named. */
export class ConnectionPool implements Keeper, Queue, Looked {
  /** Of the origin. */
  readonly #host: string
  readonly #options: ConnectionPoolOptions
  readonly #all = new Set<Connection>()
  /** By how long, the longest first. */
  readonly #idle: Connection[] = []
  readonly #waiting: Call[] = []
  /** Who goes where once all is read that has arrived there. */
  #turning = false
  #due: [connection: Connection, call: Call][] = []
  #connecting = 0
  seat = unseated
  #closing: (() => void) | undefined

  constructor(origin: string, options: ConnectionPoolOptions) {
    this.#host = new URL(origin).host
    this.#options = options
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  get stats() {
    const connected = this.#all.size
    return { connected, running: connected - this.#idle.length, pending: this.#waiting.length }
  }

  dispatch(sent: Sent, recipient: Recipient): Control {
    const call = new Call(sent, recipient, this)
    this.#place(call)
    return call
  }

  /** Requests under way end; resolves when all have. */
  close(): Promise<void> {
    return new Promise(resolve => {
      this.#closing = resolve
      for (const connection of this.#idle.splice(0)) connection.close(retired)
      this.#settle()
    })
  }

  #place(call: Call): void {
    const connection = this.#free()
    if (connection !== undefined) return this.#give(connection, call)
    this.#waiting.push(call)
    this.#grow()
  }

  #free(): Connection | undefined {
    const now = performance.now()
    for (let next = this.#idle.pop(); next !== undefined; next = this.#idle.pop()) {
      if (next.usable && !this.#isOver(next, now)) return next
      next.close(retired)
    }
    return undefined
  }

  #isOver({ idleSince, patience, born }: Connection, now: number): boolean {
    return now - idleSince > patience || now - born > this.#options.connectionAgeMs
  }

  /**
   * A used connection only once all is read that has arrived there: its end, or bytes that nobody asked for, which would
   * be taken for the answer.
   */
  #give(connection: Connection, call: Call): void {
    if (!connection.isUsed()) connection.send(call)
    else if (this.#due.push([connection, call]) === 1) setImmediate(sendDue, this)
  }

  sendDue(): void {
    const due = this.#due
    this.#due = []
    // Those that are still to be seen to are in no list meanwhile.
    this.#turning = true
    for (const [connection, call] of due) {
      if (call.over) this.freed(connection)
      else if (connection.usable) connection.send(call)
      else this.#place(call)
    }
    this.#turning = false
    this.#settle()
  }

  /** Nobody waits for it any more. */
  leave(call: Call): void {
    const at = this.#waiting.indexOf(call)
    if (at !== -1) this.#waiting.splice(at, 1)
    this.#settle()
  }

  freed(connection: Connection): void {
    const now = performance.now()
    connection.idleSince = now
    // Each serves at least one.
    const old = connection.isUsed() && now - connection.born > this.#options.connectionAgeMs
    if (old || !connection.usable) return connection.close(retired)
    const call = this.#waiting.shift()
    if (call !== undefined) this.#give(connection, call)
    else if (this.closed) connection.close(retired)
    else this.#idle.push(connection)
  }

  lost(connection: Connection): void {
    this.#all.delete(connection)
    const at = this.#idle.lastIndexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    if (this.#all.size === 0) this.#options.sweep.delete(this)
    this.#grow()
    this.#settle()
  }

  /** Called now and then, to end what is idle for too long. */
  look(): void {
    const now = performance.now()
    for (const connection of this.#idle.filter(each => this.#isOver(each, now))) connection.close(retired)
  }

  /** A connection for each that waits, as far as there may be more. */
  #grow(): void {
    const { connections } = this.#options
    while (this.#connecting < this.#waiting.length && this.#all.size + this.#connecting < connections)
      this.#connect()
  }

  #connect(): void {
    this.#connecting++
    let connection: Connection | undefined
    this.#options.dial(
      bytes => connection?.read(bytes),
      (error, socket) => {
        this.#connecting--
        if (socket === undefined || socket.destroyed) return this.#refuse(error ?? gone)
        connection = new Connection(socket, this, { ...this.#options, host: this.#host })
        this.#all.add(connection)
        this.#options.sweep.add(this)
        this.freed(connection)
      }
    )
  }

  /** Whoever waits longest would have had this connection. */
  #refuse(error: Error): void {
    this.#waiting.shift()?.fail(error)
    this.#grow()
    this.#settle()
  }

  #settle(): void {
    const asked = this.#waiting.length + this.#due.length + this.#connecting
    if (this.#all.size === 0 && asked === 0 && !this.#turning) this.#closing?.()
  }
}

const gone = new errors.SocketError('the connection is gone')
const retired = new errors.SocketError('the connection is not needed any more')

function sendDue(pool: ConnectionPool): void {
  pool.sendDue()
}
