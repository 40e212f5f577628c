// One connection of HTTP/1 to an upstream, and the request on it. Must not choose who goes where (h1-pool.ts). It is used
// again only behind an answer whose end is certain, and never with a byte on it that nobody asked for.
import type { Socket } from 'node:net'
import { fieldOf, type RawFields } from './fields.ts'
import { type Sending, sendBody } from './h1-body.ts'
import type { Call } from './h1-call.ts'
import { headerOf } from './h1-header.ts'
import { type AnswerHead, AnswerParser, type Next, type Reader } from './h1-parser.ts'
import type { Carrier } from './recipient.ts'
import { errors } from './undici.ts'

/** Whom a connection tells of itself. */
export type Keeper = {
  /** It can take another request. */
  readonly freed: (connection: Connection) => void
  /** It can take none any more; called once. */
  readonly lost: (connection: Connection) => void
}

export type ConnectionOptions = {
  /** For requests without Host. */
  readonly host: string
  /** Bytes of an answer's header. */
  readonly maxHeaderSize: number
  /** Milliseconds that it is kept when nothing is said of it, and at most. */
  readonly keepAlive: number
  readonly keepAliveMax: number
}

/** Milliseconds before the end that an upstream announces: a request then would come too late. */
const margin = 2000

const otherSide = new errors.SocketError('other side closed')

/** A resource: it lives as long as its socket. */
export class Connection implements Carrier, Reader {
  readonly socket: Socket
  readonly born = performance.now()
  /** Milliseconds that it may be idle. */
  patience: number
  /** By the clock of `performance.now`. */
  idleSince = 0
  readonly #keeper: Keeper
  readonly #options: ConnectionOptions
  readonly #parser: AnswerParser
  #call: Call | undefined
  #sending: Sending | undefined
  #used = false
  #ended = false
  /** The header of the answer is here. */
  #answered = false
  /** The connection outlives this answer. */
  #keepAlive = false
  /** Only the end of the connection ends this answer. */
  #untilEnd = false

  constructor(socket: Socket, keeper: Keeper, options: ConnectionOptions) {
    this.socket = socket
    this.#keeper = keeper
    this.#options = options
    this.patience = options.keepAlive
    this.#parser = new AnswerParser(this, options.maxHeaderSize)
    socket.on('end', () => this.#finish())
    socket.on('error', error => this.close(error))
    socket.on('close', () => this.close(otherSide))
  }

  get usable(): boolean {
    return !this.#ended && !this.socket.destroyed && this.socket.writable
  }

  take(): boolean {
    const used = this.#used
    this.#used = true
    return used
  }

  isUsed(): boolean {
    return this.#used
  }

  // It ends with the request that is given up.
  distrust(): void {}

  /** Sends a request; the connection is idle. */
  send(call: Call): void {
    const { sent } = call
    const header = headerOf(sent, this.#options.host)
    if (header instanceof Error) {
      call.fail(header)
      return this.#keeper.freed(this)
    }
    if (!call.begin(this)) return this.#keeper.freed(this)
    this.#call = call
    this.#answered = false
    this.#keepAlive = false
    this.#untilEnd = false
    const { socket } = this
    if (sent.body === null) return void socket.write(header.text, 'latin1')
    // With what is here of the body in one write.
    socket.cork()
    socket.write(header.text, 'latin1')
    this.#sending = sendBody(
      sent.body,
      header.framing,
      sent.strip,
      socket,
      () => {
        this.#sending = undefined
      },
      error => call.abort(error)
    )
    process.nextTick(uncork, socket)
  }

  /** Bytes that came on it; they are read before this returns. */
  read(bytes: Buffer): void {
    const error = this.#parser.read(bytes)
    if (error !== undefined) return this.close(error)
    this.#settle()
  }

  /** Only now, with all read that came with the answer: what is left over would be taken for the next one. */
  #settle(): void {
    const call = this.#call
    if (call?.over !== true || this.#ended) return
    this.#call = undefined
    // An upstream that has answered before it read all may read the rest as another request.
    const whole = this.#sending === undefined
    if (whole && this.#keepAlive) {
      // Who took the answer may have asked for a pause as its last bytes came.
      if (this.socket.isPaused()) this.socket.resume()
      return this.#keeper.freed(this)
    }
    this.close(otherSide)
    // Its caller may take the answer only once it has sent all.
    if (!whole) call.sent.body?.resume()
  }

  #finish(): void {
    const error = this.#untilEnd && this.#call?.over === false ? this.#parser.finish() : otherSide
    this.close(error ?? otherSide)
  }

  /** It is of no more use; a request on it fails with this. */
  close(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#sending?.stop()
    this.#sending = undefined
    const call = this.#call
    this.#call = undefined
    this.socket.destroy()
    this.#parser.free()
    this.#keeper.lost(this)
    call?.fail(error)
  }

  answerBegins(): boolean {
    if (this.#call === undefined || this.#call.over) return false
    this.#call.recipient.onResponseStarted()
    return true
  }

  answerHead({ status, phrase, fields, minor, keepAlive, upgrade }: AnswerHead): Next {
    const call = this.#call
    if (call === undefined || this.#answered) return 'stop'
    // Nobody asked for another protocol.
    if (upgrade || status === 101) throw new errors.HTTPParserError('an upgrade that was not asked for')
    if (status < 200) {
      // Unasked as well: https://www.rfc-editor.org/rfc/rfc9110#section-15.2
      if (status !== 100) call.recipient.onResponseStart(call, status, fields, phrase)
      return call.over ? 'stop' : 'none'
    }
    this.#answered = true
    // https://www.rfc-editor.org/rfc/rfc9112#section-6.3
    const without = call.sent.method === 'HEAD' || status === 204 || status === 304
    const length = fieldOf(fields, 'content-length')
    const coding = fieldOf(fields, 'transfer-encoding')
    this.#keepAlive = without ? outlives(fields, minor) : keepAlive
    // Who sends a length with what has no content may send the content as well.
    if (
      (status === 204 || status === 304) &&
      (coding !== undefined || (length !== undefined && length !== '0'))
    )
      this.#keepAlive = false
    this.#untilEnd = !without && length === undefined && coding === undefined
    this.patience = this.#patienceOf(fields)
    if (this.patience <= 0) this.#keepAlive = false
    call.recipient.onResponseStart(call, status, fields, phrase)
    if (call.over) return 'stop'
    return without ? 'none' : 'body'
  }

  #patienceOf(fields: RawFields): number {
    const { keepAlive, keepAliveMax } = this.#options
    const said = announced.exec(fieldOf(fields, 'keep-alive') ?? '')?.[1]
    return said === undefined ? keepAlive : Math.min(Number(said) * 1000 - margin, keepAliveMax)
  }

  answerBody(chunk: Buffer): void {
    const call = this.#call
    // Its memory is that of all reads.
    if (call !== undefined && !call.over) call.recipient.onResponseData(call, Buffer.from(chunk))
  }

  answerEnds(trailers: RawFields): void {
    const call = this.#call
    // An interim answer has an end as well.
    if (!this.#answered || call === undefined || call.over) return
    call.over = true
    call.recipient.onResponseEnd(trailers)
  }
}

// https://www.rfc-editor.org/rfc/rfc9112#appendix-C.2.2
const announced = /(?:^|[,;][\t ]*)timeout="?(\d{1,9})"?/i
// https://www.rfc-editor.org/rfc/rfc9112#section-9.3
const closes = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i
const keeps = /(?:^|,)[\t ]*keep-alive[\t ]*(?:,|$)/i

function outlives(fields: RawFields, minor: number): boolean {
  const said = fieldOf(fields, 'connection') ?? ''
  return !closes.test(said) && (minor > 0 || keeps.test(said))
}

function uncork(socket: Socket): void {
  socket.uncork()
}
