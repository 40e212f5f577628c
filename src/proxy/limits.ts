// What of a request is too much: its target, its body. Sizes of headers are for node:http to judge, in limited() below.
import type { ServerOptions } from 'node:http'
import type { ListenLimits, ListenTimeouts } from '../rules/limits.ts'
import { type Failure, failures } from './failure.ts'
import type { Question } from './sides.ts'

/** Options of a server with these timeouts, which it compares with each other; `limit` sets the rest. */
export function limited(timeouts: ListenTimeouts): ServerOptions {
  return {
    headersTimeout: timeouts.header,
    keepAliveTimeout: timeouts.keepAlive,
    // Routes differ in it: stall.ts.
    requestTimeout: 0,
    connectionsCheckingInterval: 1_000
  }
}

/** What a server takes while it runs. */
export type Limitable = {
  /** Read at each connection, as `maxHeadersCount` is, though types and documents have it among the options alone. */
  maxHeaderSize?: number
  maxHeadersCount: number | null
  maxConnections: number
  headersTimeout: number
  keepAliveTimeout: number
}

/** New limits, for connections that come from now on. */
export function limit(server: Limitable, limits: ListenLimits, timeouts: ListenTimeouts): void {
  server.maxHeaderSize = limits.header
  server.maxHeadersCount = limits.fields
  server.maxConnections = limits.connections
  server.headersTimeout = timeouts.header
  server.keepAliveTimeout = timeouts.keepAlive
}

/** https://www.rfc-editor.org/rfc/rfc9110#section-15.5.15 */
export function overlongTarget(
  { url = '' }: Pick<Question, 'url'>,
  { target }: ListenLimits
): Failure | undefined {
  return url.length > target ? failures.targetTooLong : undefined
}

/**
 * Whether the body of a request is within `most` bytes: what it says of itself at once, and of one that says nothing
 * each byte, until `exceeded` is called, once. https://www.rfc-editor.org/rfc/rfc9110#section-15.5.14
 */
export function withinBody(request: Question, most: number, exceeded: () => void): boolean {
  const declared = request.headers['content-length']
  // node:http holds callers to it, and takes no other than digits.
  if (declared !== undefined) return Number(declared) <= most
  if (request.complete) return true
  let bytes = 0
  // A listener alone would start the flow, ahead of whoever sends the body on.
  request.pause()
  request.on('data', function count(chunk: Buffer) {
    bytes += chunk.length
    if (bytes <= most) return
    request.off('data', count)
    exceeded()
  })
  return true
}
