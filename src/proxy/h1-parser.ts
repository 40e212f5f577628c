// Reads the answers on a connection of HTTP/1, with llhttp. It is strict, and knows framing alone; what an answer is worth
// is for others.
import { trimOws } from '../trace/ows.ts'
import type { RawFields } from './fields.ts'
import {
  allocate,
  begin,
  type Callbacks,
  end,
  execute,
  finish,
  input,
  isReading,
  majorOf,
  minorOf,
  ok,
  reasonOf,
  release,
  skipBody,
  stop,
  window
} from './llhttp.ts'
import { errors } from './undici.ts'

/** What a head says. */
export type AnswerHead = {
  readonly status: number
  readonly phrase: string
  readonly fields: RawFields
  /** The minor of HTTP/1. */
  readonly minor: number
  /** By framing and Connection; of an answer to HEAD the framing says nothing. */
  readonly keepAlive: boolean
  /** It leaves HTTP. */
  readonly upgrade: boolean
}

/** What comes behind a head: a body as its framing says, none whatever it says, or nothing that is read any more. */
export type Next = 'body' | 'none' | 'stop'

/** Called while bytes are read. What is thrown here is what `read` gives. */
export type Reader = {
  /** The first byte of an answer; false where none is due. */
  readonly answerBegins: () => boolean
  readonly answerHead: (head: AnswerHead) => Next
  /** A part of the bytes that are being read. */
  readonly answerBody: (chunk: Buffer) => void
  readonly answerEnds: (trailers: RawFields) => void
}

/** A resource: a parser's state for one connection, which `free` gives back. */
export class AnswerParser implements Callbacks {
  readonly #reader: Reader
  readonly #maxHeaderSize: number
  #parser = allocate()
  #chunk: Buffer = Buffer.alloc(0)
  /** What is read, as text: made once, and only where there is a header. */
  #text: string | undefined
  #fields: string[] = []
  #valued = true
  #size = 0
  #phrase = ''
  /** Amid a header. */
  #open = false
  /** A header has ended in what is read. */
  #headed = false
  /** Where the last part of the header ended, in what is read; undefined while there was none in it. */
  #behind: number | undefined
  /** What stood behind it before this. */
  #tail = ''
  #failure: Error | undefined

  constructor(reader: Reader, maxHeaderSize: number) {
    this.#reader = reader
    this.#maxHeaderSize = maxHeaderSize
  }

  /** Undefined when all was read; else why the connection is of no more use. */
  read(chunk: Buffer): Error | undefined {
    for (let at = 0; at < chunk.length; at += window) {
      const part = chunk.length > window ? chunk.subarray(at, at + window) : chunk
      const error = this.#read(part)
      if (error !== undefined) return error
    }
    return undefined
  }

  #read(chunk: Buffer): Error | undefined {
    // Freed by what was read before.
    if (this.#parser === 0) return undefined
    this.#chunk = chunk
    this.#text = undefined
    this.#behind = undefined
    this.#headed = false
    const error = this.#run(chunk)
    if (this.#open) this.#tail = this.#rest(chunk.length)
    // Blanks that no part of the header begins behind are kept as well.
    return error ?? (this.#tail.length < this.#maxHeaderSize ? undefined : new errors.HeadersOverflowError())
  }

  /** The other side has ended: where only that ends the answer, it is whole. */
  finish(): Error | undefined {
    return this.#parser === 0 ? undefined : this.#run(undefined)
  }

  /** Undefined for the end. */
  #run(chunk: Buffer | undefined): Error | undefined {
    begin(this)
    this.#failure = undefined
    const parser = this.#parser
    try {
      if (chunk === undefined ? finish(parser) : execute(parser, chunk)) return undefined
      return this.#failure ?? new errors.HTTPParserError(reasonOf(parser))
    } catch (error) {
      // Of whoever was told: it has gone through llhttp, which is of no more use.
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      end()
    }
  }

  free(): void {
    if (this.#parser === 0) return
    // What runs still holds it.
    if (isReading(this)) return void process.nextTick(free, this)
    release(this.#parser)
    this.#parser = 0
  }

  #slice(at: number, length: number): string {
    const text = this.#text ?? this.#chunk.toString('latin1', 0, textEnd(this.#chunk))
    this.#text = text
    const start = at - input
    // llhttp notices only behind the line that a value is empty.
    if (length > 0) this.#behind = start + length
    return start + length <= text.length
      ? text.slice(start, start + length)
      : this.#chunk.toString('latin1', start, start + length)
  }

  /** What stands behind the last part of the header, up to so many bytes. */
  #rest(most: number): string {
    const from = this.#behind ?? 0
    return (this.#behind === undefined ? this.#tail : '') + this.#chunk.toString('latin1', from, from + most)
  }

  /**
   * llhttp, as undici has it, takes CR and any byte for the end of a line, and of the header:
   * https://nvd.nist.gov/vuln/detail/CVE-2025-23167
   */
  #endsLine(start: number): boolean {
    const from = this.#behind
    if (from !== undefined && start === from + 2)
      return this.#chunk[from] === 13 && this.#chunk[from + 1] === 10
    return lineEnd.test(this.#rest(start - (from ?? 0)))
  }

  #endsHeader(): boolean {
    return headerEnd.test(this.#rest(4)) || headerEnd.test(this.#rest(this.#maxHeaderSize))
  }

  /** Where the first byte stands behind the header that has just ended: what is before that is none of the next. */
  #behindHeader(): number {
    const [end = ''] = headerEnd.exec(this.#rest(this.#maxHeaderSize)) ?? []
    return (this.#behind ?? -this.#tail.length) + end.length
  }

  #stop(error: Error): number {
    this.#failure = error
    return stop
  }

  #grows(length: number): boolean {
    this.#size += length
    return this.#size >= this.#maxHeaderSize
  }

  onBegin(): number {
    this.#fields = []
    this.#valued = true
    this.#size = 0
    this.#phrase = ''
    this.#open = true
    if (this.#headed) this.#behind = this.#behindHeader()
    this.#tail = ''
    return this.#reader.answerBegins() ? ok : this.#stop(new errors.SocketError('an answer to nothing'))
  }

  onPhrase(at: number, length: number): number {
    this.#phrase += this.#slice(at, length)
    return this.#grows(length) ? this.#stop(new errors.HeadersOverflowError()) : ok
  }

  onName(at: number, length: number): number {
    if (this.#open && this.#valued && !this.#endsLine(at - input))
      return this.#stop(new errors.HTTPParserError('a line without its end'))
    const text = this.#slice(at, length)
    if (this.#valued) this.#fields.push(text)
    else this.#fields[this.#fields.length - 1] += text
    this.#valued = false
    return this.#grows(length) ? this.#stop(new errors.HeadersOverflowError()) : ok
  }

  onValue(at: number, length: number): number {
    const text = this.#slice(at, length)
    if (this.#valued) this.#fields[this.#fields.length - 1] += text
    else this.#fields.push(text)
    this.#valued = true
    return this.#grows(length) ? this.#stop(new errors.HeadersOverflowError()) : ok
  }

  onHead(status: number, upgrade: boolean, keepAlive: boolean): number {
    if (!this.#endsHeader()) return this.#stop(new errors.HTTPParserError('a header without its empty line'))
    // llhttp takes 2.0 and 0.9 as well, which nobody speaks in lines: https://www.rfc-editor.org/rfc/rfc9112#section-2.3
    if (majorOf(this.#parser) !== 1)
      return this.#stop(new errors.HTTPParserError('a version that is not HTTP/1'))
    this.#open = false
    this.#headed = true
    const fields = trimmed(this.#fields)
    this.#fields = []
    const minor = minorOf(this.#parser)
    const next = this.#reader.answerHead({
      status,
      phrase: this.#phrase,
      fields,
      minor,
      keepAlive,
      upgrade
    })
    return next === 'body' ? ok : next === 'none' ? skipBody : stop
  }

  onBody(at: number, length: number): number {
    const start = at - input
    this.#reader.answerBody(this.#chunk.subarray(start, start + length))
    return ok
  }

  onEnd(): number {
    const trailers = trimmed(this.#fields)
    this.#fields = []
    this.#reader.answerEnds(trailers)
    return ok
  }
}

function free(parser: AnswerParser): void {
  parser.free()
}

// https://www.rfc-editor.org/rfc/rfc9112#section-2.1: behind a value, a name without one, or a status without a phrase
const lineEnd = /^(?:HTTP\/\d\.\d \d{3} ?|:)?[\t ]*\r\n$/
const headerEnd = /^(?:HTTP\/\d\.\d \d{3} ?|:)?[\t ]*\r\n\r\n/

const blankLine = Buffer.from('\r\n\r\n')

function textEnd(chunk: Buffer): number {
  const end = chunk.indexOf(blankLine)
  return end === -1 ? chunk.length : end
}

/** llhttp leaves the whitespace behind a value: https://www.rfc-editor.org/rfc/rfc9112#section-5.1 */
function trimmed(fields: string[]): RawFields {
  for (let i = 1; i < fields.length; i += 2) {
    fields[i] = trimOws(fields[i] ?? '')
  }
  return fields
}
