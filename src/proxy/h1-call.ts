// A request for an upstream of HTTP/1, from its dispatch to its end: what its recipient steers it by.
import type { Connection } from './h1-connection.ts'
import type { Control, Recipient, Sent } from './recipient.ts'

/** Whom a request waits for that has no connection yet. */
export type Queue = { readonly leave: (call: Call) => void }

export class Call implements Control {
  readonly sent: Sent
  readonly recipient: Recipient
  readonly #queue: Queue
  #connection: Connection | undefined
  /** Nothing more is to be told of it. */
  over = false

  constructor(sent: Sent, recipient: Recipient, queue: Queue) {
    this.sent = sent
    this.recipient = recipient
    this.#queue = queue
  }

  /** It goes to this connection; false where nobody wants it any more. */
  begin(connection: Connection): boolean {
    this.recipient.carrier = connection
    this.recipient.onRequestStart(this)
    if (!this.over) this.#connection = connection
    return !this.over
  }

  fail(error: Error): void {
    if (this.over) return
    this.over = true
    this.recipient.onResponseError(error)
  }

  abort(reason: Error): void {
    if (this.over) return
    // Its answer is on the way, and would be taken for that of the next.
    if (this.#connection === undefined) this.#queue.leave(this)
    else this.#connection.close(reason)
    this.fail(reason)
  }

  pause(): void {
    if (!this.over) this.#connection?.socket.pause()
  }

  resume(): void {
    if (!this.over) this.#connection?.socket.resume()
  }
}
