// Reads the answers on a connection of HTTP/1 with llhttp, which is Node's own parser and undici's, in the build that
// undici ships: src/RATIONALE.md says why. It is strict, and knows framing alone; what an answer is worth is for others.
// https://github.com/nodejs/llhttp

import { trimOws } from '../trace/ows.ts'
import type { RawFields } from './fields.ts'
import { errors, llhttpBytes } from './undici.ts'

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

// https://github.com/nodejs/llhttp/blob/main/src/llhttp/constants.ts
const typeOfResponse = 2
const ok = 0
const skipBody = 1
const stop = -1

/** What is used of it: TypeScript has its types with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

type Llhttp = {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly malloc: (bytes: number) => number
  readonly llhttp_alloc: (type: number) => number
  readonly llhttp_free: (parser: number) => void
  readonly llhttp_execute: (parser: number, at: number, length: number) => number
  readonly llhttp_finish: (parser: number) => number
  readonly llhttp_get_http_minor: (parser: number) => number
  readonly llhttp_get_error_reason: (parser: number) => number
}

/** Bytes that are read at once: what a socket gives is no more. */
const window = 64 * 1024

let current: AnswerParser | undefined

const llhttp = load()
const input = llhttp.malloc(window)

function load(): Llhttp {
  const ignore = () => ok
  const env = {
    wasm_on_url: ignore,
    wasm_on_message_begin: () => current?.onBegin() ?? stop,
    wasm_on_status: (_: number, at: number, length: number) => current?.onPhrase(at, length) ?? stop,
    wasm_on_header_field: (_: number, at: number, length: number) => current?.onName(at, length) ?? stop,
    wasm_on_header_value: (_: number, at: number, length: number) => current?.onValue(at, length) ?? stop,
    wasm_on_headers_complete: (_: number, status: number, upgrade: number, keepAlive: number) =>
      current?.onHead(status, upgrade === 1, keepAlive === 1) ?? stop,
    wasm_on_body: (_: number, at: number, length: number) => current?.onBody(at, length) ?? stop,
    wasm_on_message_complete: () => current?.onEnd() ?? stop
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(llhttpBytes())), { env })
  // What a build exports no type can know; without one of these nothing works, and every test says so.
  return exports as Llhttp
}

/** A resource: a parser's state for one connection, which `free` gives back. */
export class AnswerParser {
  readonly #reader: Reader
  readonly #maxHeaderSize: number
  #parser = llhttp.llhttp_alloc(typeOfResponse)
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
    memory().set(chunk, input)
    this.#chunk = chunk
    this.#text = undefined
    this.#behind = undefined
    this.#headed = false
    const error = this.#run(llhttp.llhttp_execute, chunk.length)
    if (this.#open) this.#tail = this.#rest(chunk.length)
    // Blanks that no part of the header begins behind are kept as well.
    return error ?? (this.#tail.length < this.#maxHeaderSize ? undefined : new errors.HeadersOverflowError())
  }

  /** The other side has ended: where only that ends the answer, it is whole. */
  finish(): Error | undefined {
    return this.#parser === 0 ? undefined : this.#run(llhttp.llhttp_finish, 0)
  }

  #run(what: (parser: number, at: number, length: number) => number, length: number): Error | undefined {
    // All share the memory that is read from.
    if (current !== undefined) throw new Error('an answer is read amid another')
    current = this
    this.#failure = undefined
    try {
      if (what(this.#parser, input, length) === ok) return undefined
      return this.#failure ?? new errors.HTTPParserError(this.#reason())
    } catch (error) {
      // Of whoever was told: it has gone through llhttp, which is of no more use.
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      current = undefined
    }
  }

  /** In llhttp's words, which hold no byte of the answer. */
  #reason(): string {
    if (this.#parser === 0) return ''
    const at = llhttp.llhttp_get_error_reason(this.#parser)
    const bytes = Buffer.from(llhttp.memory.buffer)
    return at === 0 ? '' : bytes.toString('latin1', at, bytes.indexOf(0, at))
  }

  free(): void {
    if (this.#parser === 0) return
    // What runs still holds it.
    if (current === this) return void process.nextTick(free, this)
    llhttp.llhttp_free(this.#parser)
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
    this.#open = false
    this.#headed = true
    const fields = trimmed(this.#fields)
    this.#fields = []
    const minor = llhttp.llhttp_get_http_minor(this.#parser)
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

let view = new Uint8Array(llhttp.memory.buffer)

/** Its memory, which is another one after it has grown. */
function memory(): Uint8Array {
  if (view.buffer !== llhttp.memory.buffer) view = new Uint8Array(llhttp.memory.buffer)
  return view
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
