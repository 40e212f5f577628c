// One request of smoke: sent in one dialect, answered by an echo behind the gateway. It judges nothing.
import { randomBytes } from 'node:crypto'
import { type Dispatcher, request } from 'undici'
import type { Place, Propagator, Witnessed } from '../echo/propagators.ts'
import type { Header } from '../echo/seen.ts'
import { formatDuration } from '../rules/values.ts'
import type { Trip } from './smoke-judge.ts'

/** The trip, or in `unreachable` why there is none, for people. */
export type TripResult = { readonly trip: Trip } | { readonly unreachable: string }

export type TripSettings = {
  readonly url: URL
  readonly timeoutMs: number
  readonly dispatcher: Dispatcher
  readonly signal: AbortSignal
}

const notEcho =
  'its upstream is not a tracebridge echo: expected JSON with the "headers" it received, as `tracebridge echo` answers'

/** An echo of a full header block fits many times. */
const answerBytes = 1_048_576

/** Sends a new trace in one dialect, with OpenTelemetry's own propagator. Never rejects. */
export async function travel(
  dialect: Witnessed,
  propagator: Propagator,
  sampled: boolean,
  settings: TripSettings
): Promise<TripResult> {
  const sent: Place = { traceId: randomId(16), spanId: randomId(8), sampled }
  const headers = propagator.inject(sent)
  const timeout = AbortSignal.timeout(settings.timeoutMs)
  try {
    const answer = await request(settings.url, {
      dispatcher: settings.dispatcher,
      headers: { accept: 'application/json', ...Object.fromEntries(headers) },
      signal: AbortSignal.any([settings.signal, timeout])
    })
    const text = await bounded(answer.body)
    const status = answer.statusCode
    if (status >= 300 && status < 400) {
      return {
        unreachable: `${settings.url.host} answered ${status}, and redirects are not followed: ${notEcho}`
      }
    }
    if (status !== 200) return { unreachable: `${settings.url.host} answered ${status}: ${notEcho}` }
    const arrived = text === undefined ? undefined : echoed(text)
    if (arrived === undefined) return { unreachable: `${settings.url.host} answered, but ${notEcho}` }
    return { trip: { dialect, sent, headers, arrived } }
  } catch (error) {
    if (settings.signal.aborted) return { unreachable: 'interrupted' }
    if (timeout.aborted)
      return {
        unreachable: `${settings.url.host} did not answer within ${formatDuration(settings.timeoutMs)}`
      }
    return { unreachable: why(settings.url, error) }
  }
}

function randomId(bytes: number): string {
  const id = randomBytes(bytes)
  // All zero is no id. https://www.w3.org/TR/trace-context/#trace-id
  if (id.every(byte => byte === 0)) id[0] = 1
  return id.toString('hex')
}

async function bounded(body: AsyncIterable<Buffer>): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > answerBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function echoed(text: string): readonly Header[] | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof answer !== 'object' || answer === null || !('headers' in answer)) return undefined
  if (!Array.isArray(answer.headers)) return undefined
  const headers: readonly unknown[] = answer.headers
  return headers.every(isHeader) ? headers : undefined
}

function isHeader(value: unknown): value is Header {
  return Array.isArray(value) && value.length === 2 && value.every(part => typeof part === 'string')
}

/** By code only: messages of sockets and parsers may hold bytes of the peer. */
function why({ host, hostname }: URL, error: unknown): string {
  // undici gives some parser errors no code.
  if (error instanceof Error && error.name === 'HTTPParserError') return `${host} does not speak HTTP`
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ECONNREFUSED') return `nothing listens on ${host}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host ${hostname} is not known`
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `${host} could not be connected to in time`
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET')
    return `${host} closed the connection without an answer`
  return `${host} could not be asked (${typeof code === 'string' ? code : 'no reason given'})`
}
