// One POST to a back end, and what its answer means for the batch. Tries once: when to try again is the
// pipeline's business. It never throws, and no bytes of the back end get into `why`.
import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest
} from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { createPacker } from './gzip.ts'

/** `bytes`: of the body as it was sent, 0 when nobody answered. */
export type Answer =
  | { readonly kind: 'accepted'; readonly body: Buffer; readonly bytes: number }
  /** `afterMs` is what Retry-After asked for. */
  | {
      readonly kind: 'retry'
      readonly afterMs: number | undefined
      readonly why: string
      readonly bytes: number
    }
  | { readonly kind: 'refused'; readonly why: string; readonly bytes: number }

export type Send = (body: Buffer, contentType: string) => Promise<Answer>

export type Post = { readonly send: Send; readonly close: () => Promise<void> }

// https://opentelemetry.io/docs/specs/otlp/#otlphttp-response (failures, throttling)
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504])
// Of the rules' header fields or URL: a request that cannot even be written will not become better by waiting.
const unwritable: ReadonlySet<string> = new Set([
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS'
])
// An answer says little: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response allows a cap of 4 MiB.
const answerLimit = 64 * 1024
const longestWait = 60_000
/** Milliseconds that a socket is kept without a request: a name may stand for another address by then. */
const idleMs = 4000

export type PostOptions = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly compression: 'gzip' | 'none'
  readonly timeoutMs: number
  readonly now?: () => number
}

/** Throws only for a URL that cannot be posted to. Sockets are its own, two at most. */
export function createPost(options: PostOptions): Post {
  const { timeoutMs, now = Date.now } = options
  const url = new URL(options.url)
  const secure = url.protocol === 'https:'
  if (!secure && url.protocol !== 'http:') throw new TypeError(`nothing can be posted to ${url.protocol}`)
  const limits = { keepAlive: true, maxSockets: 2, timeout: idleMs }
  const agent = secure ? new SecureAgent(limits) : new PlainAgent(limits)
  const request = secure ? secureRequest : plainRequest
  const open = new Set<ClientRequest>()
  let closed = false
  const packer = options.compression === 'gzip' ? createPacker() : undefined
  const headers: Record<string, string> = { 'user-agent': 'tracebridge' }
  for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value
  if (packer !== undefined) headers['content-encoding'] = 'gzip'

  const ask = (body: Buffer, contentType: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      if (closed) return reject(new Error('closed'))
      const asked = request(url, {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-type': contentType, 'content-length': body.length },
        // The whole try: a back end that answers a byte a second is not answering.
        signal: AbortSignal.timeout(timeoutMs)
      })
      open.add(asked)
      asked.on('close', () => {
        open.delete(asked)
        // Without an answer: it left HTTP by 101, and node:http says no more of it.
        reject(new Error('closed'))
      })
      asked.on('response', resolve)
      asked.on('error', reject)
      asked.end(body)
    })

  const send: Send = async (body, contentType) => {
    try {
      const packed = packer === undefined ? body : await packer.pack(body)
      const answer = await ask(packed, contentType)
      const bytes = packed.length
      const status = answer.statusCode ?? 0
      // The status is the back end's word on the batch; a body cut short after it does not take it back.
      const text = await head(answer)
      if (status >= 200 && status < 300) return { kind: 'accepted', body: text, bytes }
      const why = `status ${status}`
      if (!retryable.has(status)) return { kind: 'refused', why, bytes }
      return { kind: 'retry', afterMs: retryAfter(answer.headers['retry-after'], now()), why, bytes }
    } catch (error) {
      const why = reason(error)
      if (unwritable.has(why)) return { kind: 'refused', why, bytes: 0 }
      return { kind: 'retry', afterMs: undefined, why, bytes: 0 }
    }
  }

  const close = async () => {
    closed = true
    for (const asked of open) asked.destroy()
    agent.destroy()
    packer?.close()
  }
  return { send, close }
}

/** What there is of an answer, up to the limit; leaving the loop early closes the socket. */
async function head(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > answerLimit) break
    }
  } catch {
    // Cut off: what came is what there is.
  }
  return Buffer.concat(chunks)
}

// delay-seconds of https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
const seconds = /^\d{1,10}$/
// IMF-fixdate of https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
const date = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Milliseconds to wait, 0 to one minute; undefined when the field is absent or makes no sense. */
export function retryAfter(field: string | string[] | undefined, now: number): number | undefined {
  if (typeof field !== 'string') return undefined
  if (seconds.test(field)) return Math.min(Number(field) * 1000, longestWait)
  const at = date.test(field) ? Date.parse(field) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - now, 0), longestWait)
}

/** The code that node, OpenSSL or the system gives: from a fixed list, unlike messages. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.cause instanceof Error && error.cause.name === 'TimeoutError') return 'timeout'
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no answer'
}
