// An answer on its way to the caller. It is held back until the event loop has seen to all that has arrived with it: most
// answers are whole by then and leave in one write, and one that turns out to be none has not begun yet. It must not
// decide what is answered.
import { pass } from './bulk.ts'
import { sendHead } from './hints.ts'
import type { Control } from './recipient.ts'
import type { Answer } from './sides.ts'

type Head = { readonly status: number; readonly phrase: string; readonly fields: string[] }

/** Bytes of a body that leave as text, in one write with the header; beyond, copying costs more than a second buffer. */
const most = 16 * 1024

/** A resource: it lives as long as the caller's request. */
export class Reply {
  readonly #response: Answer
  readonly #method: string
  #head: Head | undefined
  #first: Buffer | undefined
  /** The caller has to take something before it gets more. */
  full = false
  /** Bytes of the body. */
  bytes = 0

  constructor(response: Answer, method: string) {
    this.#response = response
    this.#method = method
  }

  /** It has gone to the caller, and cannot be another any more. */
  get begun(): boolean {
    return this.#response.headersSent
  }

  /** The first part of an answer whose body comes by and by. */
  begin(status: number, phrase: string, fields: string[]): void {
    this.#head = { status, phrase, fields }
    // What is here already goes with it; what is not must not hold it back.
    process.nextTick(flush, this)
  }

  data(chunk: Buffer, control: Control): void {
    this.bytes += chunk.length
    pass(chunk.length)
    if (this.#head !== undefined && this.#first === undefined && chunk.length <= most) {
      this.#first = chunk
      return
    }
    this.#release()
    // What had arrived already still comes.
    if (this.#response.write(chunk) || this.full) return
    this.full = true
    control.pause()
    this.#response.once('drain', () => {
      this.full = false
      control.resume()
    })
  }

  finish(trailers: [string, string][]): void {
    const first = this.#first
    // A stream of HTTP/2 takes no text, and its frames leave together anyway.
    if (first === undefined || this.#response.reset !== undefined) {
      if (first === undefined) this.#writeHead()
      else this.#release()
      if (trailers.length > 0) this.#response.addTrailers(trailers)
      this.#response.end()
      return
    }
    this.#first = undefined
    this.#writeHead()
    if (trailers.length > 0) this.#response.addTrailers(trailers)
    this.#response.end(first.toString('latin1'), 'latin1')
  }

  /** An answer from here, whole. */
  answer(status: number, phrase: string, fields: string[], body: string): void {
    this.#head = undefined
    this.#first = undefined
    this.#response.writeHead(status, phrase, fields)
    this.bytes = this.#method === 'HEAD' ? 0 : body.length
    this.#response.end(this.#method === 'HEAD' ? '' : body)
  }

  /** Sends what was held back, unless it has gone or nothing more is to go. */
  flush(): void {
    const head = this.#head
    if (head === undefined || this.#response.destroyed) return
    if (this.#first !== undefined) return this.#release()
    this.#writeHead()
    sendHead(this.#response, this.#method, head.status)
  }

  #writeHead(): void {
    const head = this.#head
    if (head === undefined) return
    this.#head = undefined
    this.#response.writeHead(head.status, head.phrase, head.fields)
  }

  #release(): void {
    this.#writeHead()
    const first = this.#first
    if (first === undefined) return
    this.#first = undefined
    this.#response.write(first)
  }

  /** Ends it so that nobody takes it for whole; `code` is for a stream, where the upstream gave one. */
  cut(httpVersion: string, scheme: 'http' | 'https', code: number | undefined): void {
    this.#head = undefined
    this.#first = undefined
    // To HTTP/1.0 an answer may end with its connection: only a reset tells a broken one from a whole one. By TLS it is
    // the lack of its closing alert, and Node resets none: https://www.rfc-editor.org/rfc/rfc9112#section-9.8
    if (httpVersion === '1.0' && scheme === 'http') this.#response.socket?.resetAndDestroy()
    if (code !== undefined && this.#response.reset !== undefined) this.#response.reset(code)
    else this.#response.destroy()
  }
}

function flush(reply: Reply): void {
  reply.flush()
}
