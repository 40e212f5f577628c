// One question of a command to something that answers with JSON. Whatever goes wrong is a reason for people.
import { type Dispatcher, request } from 'undici'

/** The answer, or in `unreachable` why there is none. */
export type Answered = { readonly answer: unknown } | { readonly unreachable: string }

/** A report of a thousand series is a few MiB. */
const longestAnswer = 64 * 1024 * 1024
const timeoutMs = 10_000

export type Question = {
  readonly url: URL
  readonly token: string | undefined
  readonly signal: AbortSignal
  /** Of a form, sent as a POST. */
  readonly form?: Readonly<Record<string, string>>
}

/** Never rejects. */
export async function ask({ url, token, signal, form }: Question): Promise<Answered> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const options: { method: Dispatcher.HttpMethod; body?: string } =
    form === undefined ? { method: 'GET' } : { method: 'POST', body: new URLSearchParams(form).toString() }
  try {
    const { statusCode, body } = await request(url, {
      ...options,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' })
      },
      signal: AbortSignal.any([signal, timeout])
    })
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of body) {
      length += chunk.length
      if (length > longestAnswer) return { unreachable: `${url.host} answers more than a report can be` }
      chunks.push(chunk)
    }
    if (statusCode !== 200) return { unreachable: `${url.host} answered ${statusCode} to ${url.pathname}` }
    return { answer: JSON.parse(Buffer.concat(chunks).toString()) }
  } catch (error) {
    if (signal.aborted) return { unreachable: 'interrupted' }
    if (timeout.aborted) return { unreachable: `${url.host} did not answer within ${timeoutMs / 1000}s` }
    if (error instanceof SyntaxError) return { unreachable: `what ${url.host} answered is not JSON` }
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ECONNREFUSED') return { unreachable: `nothing listens on ${url.host}` }
    return {
      unreachable: `${url.host} could not be asked (${typeof code === 'string' ? code : 'no reason given'})`
    }
  }
}

/** Undefined for what is no http:// or https:// URL; a path in it stays in front of what is asked for. */
export function parseBase(text: string): URL | undefined {
  // `new URL` would read the host of `localhost:9901` as a scheme.
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
