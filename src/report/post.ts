// One POST to a back end, and what its answer means for the batch. Tries once: when to try again is the
// pipeline's business. It never throws, and no bytes of the back end get into `why`.
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { Pool } from 'undici'

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
// An answer says little: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response allows a cap of 4 MiB.
const answerLimit = 64 * 1024
const longestWait = 60_000

const compress = promisify(gzip)
const gzipOptions = { level: constants.Z_BEST_SPEED }

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
  const path = url.pathname + url.search
  const zip = options.compression === 'gzip'
  const headers: Record<string, string> = { 'user-agent': 'tracebridge' }
  for (const [name, value] of Object.entries(options.headers)) headers[name.toLowerCase()] = value
  if (zip) headers['content-encoding'] = 'gzip'
  const pool = new Pool(url.origin, { allowH2: false, connections: 2, connect: { timeout: timeoutMs } })

  const send: Send = async (body, contentType) => {
    try {
      const packed = zip ? await compress(body, gzipOptions) : body
      const answer = await pool.request({
        path,
        method: 'POST',
        headers: { ...headers, 'content-type': contentType },
        body: packed,
        // The whole try: a back end that answers a byte a second is not answering.
        signal: AbortSignal.timeout(timeoutMs)
      })
      const bytes = packed.length
      const status = answer.statusCode
      // The status is the back end's word on the batch; a body cut short after it does not take it back.
      const text = await head(answer.body)
      if (status >= 200 && status < 300) return { kind: 'accepted', body: text, bytes }
      const why = `status ${status}`
      if (!retryable.has(status)) return { kind: 'refused', why, bytes }
      return { kind: 'retry', afterMs: retryAfter(answer.headers['retry-after'], now()), why, bytes }
    } catch (error) {
      const why = reason(error)
      // A request that cannot even be written will not become better by waiting.
      if (why === 'UND_ERR_INVALID_ARG') return { kind: 'refused', why, bytes: 0 }
      return { kind: 'retry', afterMs: undefined, why, bytes: 0 }
    }
  }

  return { send, close: () => pool.destroy() }
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

/** The code that undici, OpenSSL or the system gives: from a fixed list, unlike messages. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error.name === 'TimeoutError') return 'timeout'
  return 'code' in error && typeof error.code === 'string' ? error.code : 'no answer'
}
