// What a row of the matrix says, and the few words that rows are written in. Runs nothing.

/** One connection: what is sent on it, and what has to come of it. */
export type Row = {
  /** A sentence. */
  readonly name: string
  /** As latin1. */
  readonly sent: string
  /** Whether the caller then closes its half. */
  readonly ends?: boolean
  /** Methods of the requests in turn, where one is HEAD. */
  readonly methods?: readonly string[]
  /** Of all answers, in their order. */
  readonly status: readonly number[]
  /** The bytes that reached the upstream, a chunked body joined; ids as T, the port as P. */
  readonly upstream: readonly string[]
  /** What becomes of the connection: `open` takes another request, `closed` does not. */
  readonly after: 'open' | 'closed'
}

/** What an upstream answers, and what the caller gets of it. */
export type AnswerRow = {
  readonly name: string
  readonly method?: string
  readonly version?: '1.0' | '1.1'
  /** Fields of the request besides Host. */
  readonly fields?: readonly string[]
  /** The upstream's bytes, as latin1. */
  readonly answer: string
  /** Whether the upstream then ends its connection. */
  readonly ends?: boolean
  /** The bytes that the caller gets, the date as D, how long it is kept as K; or how they begin, for answers of the gateway itself. */
  readonly got: string | RegExp
  readonly after: 'open' | 'closed'
  /** Whether the connection to the upstream is used again; unsaid where it does not matter. */
  readonly reused?: boolean
}

/** Lines as on the wire, and the empty one. */
export function lines(...each: readonly string[]): string {
  return `${each.join('\r\n')}\r\n\r\n`
}

/** A request to Host `a`. */
export function request(start: string, fields: readonly string[] = [], body = ''): string {
  return lines(start, 'Host: a', ...fields) + body
}

type Seen = {
  /** What Host said, if it was said first. */
  readonly host?: string | undefined
  readonly version?: string
  readonly body?: string
  readonly chunked?: boolean
  readonly via?: string
  readonly forwardedFor?: string
}

/** A request as the upstream gets it: the caller's lines, and those that are added. */
export function seen(start: string, fields: readonly string[] = [], options: Seen = {}): string {
  const { host = 'a', version = '1.1', body, chunked = false, via, forwardedFor } = options
  const added = [
    ...['traceparent: T', 'tracestate: ot=th:0'],
    ...[`X-Forwarded-For: ${forwardedFor ?? ''}127.0.0.1`, 'X-Forwarded-Proto: http'],
    ...[`X-Forwarded-Host: ${host}`, 'X-Forwarded-Port: P', `Via: ${via ?? ''}${version} tracebridge`]
  ]
  const length = chunked || body === undefined ? [] : [`Content-Length: ${body.length}`]
  const framing = chunked ? ['Transfer-Encoding: chunked'] : []
  return (
    lines(start, `Host: ${host}`, ...length, ...fields, ...added, 'Connection: keep-alive', ...framing) +
    (body ?? '')
  )
}

/** A row of which nothing reaches the upstream, and after which the connection is gone. */
export function refused(name: string, sent: string, status = 400): Row {
  return { name, sent, status: [status], upstream: [], after: 'closed' }
}

/** A row of one GET that passes, whatever its target. */
export function passes(name: string, target: string, reaches = target): Row {
  return {
    name,
    sent: request(`GET ${target} HTTP/1.1`),
    status: [200],
    upstream: [seen(`GET ${reaches} HTTP/1.1`)],
    after: 'open'
  }
}
