// llhttp, which is Node's own parser and undici's, in the build that undici ships: how to call it, and whom it calls.
// src/RATIONALE.md says why. It must not know what an answer means.
// https://github.com/nodejs/llhttp
import { llhttpBytes } from './undici.ts'

/** Each gets where bytes stand in its memory, and gives `ok`, or what stops it. */
export type Callbacks = {
  readonly onBegin: () => number
  readonly onPhrase: (at: number, length: number) => number
  readonly onName: (at: number, length: number) => number
  readonly onValue: (at: number, length: number) => number
  readonly onHead: (status: number, upgrade: boolean, keepAlive: boolean) => number
  readonly onBody: (at: number, length: number) => number
  readonly onEnd: () => number
}

// https://github.com/nodejs/llhttp/blob/main/src/llhttp/constants.ts
const typeOfResponse = 2
export const ok = 0
export const skipBody = 1
export const stop = -1

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
  readonly llhttp_get_http_major: (parser: number) => number
  readonly llhttp_get_http_minor: (parser: number) => number
  readonly llhttp_get_error_reason: (parser: number) => number
}

/** Bytes that are read at once: what a socket gives is no more. */
export const window = 64 * 1024

/** All parsers share the memory that is read from, so that one reads at a time. */
let current: Callbacks | undefined

const llhttp = load()
/** Where what is read stands in its memory. */
export const input = llhttp.malloc(window)

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

/** A parser of answers; never 0. */
export function allocate(): number {
  return llhttp.llhttp_alloc(typeOfResponse)
}

/** Not while it reads. */
export function release(parser: number): void {
  llhttp.llhttp_free(parser)
}

/** From here to `end` it calls these. */
export function begin(callbacks: Callbacks): void {
  if (current !== undefined) throw new Error('an answer is read amid another')
  current = callbacks
}

export function end(): void {
  current = undefined
}

/** At most `window` bytes; whether all was well. What a callback throws comes out of here. */
export function execute(parser: number, chunk: Uint8Array): boolean {
  memory().set(chunk, input)
  return llhttp.llhttp_execute(parser, input, chunk.length) === ok
}

/** Nothing comes any more; whether all was well. */
export function finish(parser: number): boolean {
  return llhttp.llhttp_finish(parser) === ok
}

export function isReading(callbacks: Callbacks): boolean {
  return current === callbacks
}

export function majorOf(parser: number): number {
  return llhttp.llhttp_get_http_major(parser)
}

export function minorOf(parser: number): number {
  return llhttp.llhttp_get_http_minor(parser)
}

/** Why it stopped, in its own words, which hold no byte of the answer. */
export function reasonOf(parser: number): string {
  const at = llhttp.llhttp_get_error_reason(parser)
  const bytes = Buffer.from(llhttp.memory.buffer)
  return at === 0 ? '' : bytes.toString('latin1', at, bytes.indexOf(0, at))
}

let view = new Uint8Array(llhttp.memory.buffer)

/** Its memory, which is another one after it has grown. */
function memory(): Uint8Array {
  if (view.buffer !== llhttp.memory.buffer) view = new Uint8Array(llhttp.memory.buffer)
  return view
}
