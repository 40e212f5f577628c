// Whether a request may ask for WebSocket, and whether an answer grants it. Knows neither routes nor sockets' lives.
// https://www.rfc-editor.org/rfc/rfc6455#section-4.2
import { createHash } from 'node:crypto'
import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Read } from '../dialects/dialect.ts'
import { type Failure, failures } from './failure.ts'
import { fieldOf, type RawFields } from './fields.ts'
import { part } from './parting.ts'

// https://www.rfc-editor.org/rfc/rfc9110#section-7.8: a list of protocols, each maybe with a version
const asked = /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i
// Sixteen bytes in base64.
const keyPattern = /^[A-Za-z0-9+/]{22}==$/
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Whether to treat a request as one for WebSocket: other protocols are not spoken here, and then Upgrade is ignored, as
 * it must be from HTTP/1.0. https://www.rfc-editor.org/rfc/rfc9110#section-7.8
 */
export function asksForWebSocket({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  return httpVersion === '1.1' && asked.test(fieldOf(rawHeaders, 'upgrade') ?? '')
}

/** Why a request for WebSocket is not a valid one; undefined when it is. */
export function handshakeFailure(method: string, read: Read): Failure | undefined {
  // A body would reach the upstream as the first bytes of the connection.
  const framed = read('content-length') !== undefined || read('transfer-encoding') !== undefined
  if (method !== 'GET' || framed) return failures.badRequest
  // Who is told the version may ask again: https://www.rfc-editor.org/rfc/rfc6455#section-4.4
  if (read('sec-websocket-version') !== '13') return failures.upgradeVersion
  return keyPattern.test(read('sec-websocket-key') ?? '') ? undefined : failures.badRequest
}

/** Fields that an answer with this failure bears besides. */
export function fieldsOfFailure(failure: Failure): readonly string[] {
  return failure === failures.upgradeVersion ? versionFields : []
}

const versionFields = [
  ...['Upgrade', 'websocket', 'Connection', 'close, upgrade'],
  ...['Sec-WebSocket-Version', '13']
]

/**
 * Whether a 101 is one to this very request. An upstream that can be brought to say 101 of its own accord (to a fetched
 * page, say) must not open a way past the routes.
 */
export function grants(fields: RawFields, key: string): boolean {
  if (fieldOf(fields, 'upgrade')?.toLowerCase() !== 'websocket') return false
  const accept = createHash('sha1').update(`${key}${guid}`).digest('base64')
  return fieldOf(fields, 'sec-websocket-accept') === accept
}

/**
 * A response on a connection that node:http has let go of, for whatever is answered in HTTP: it ends the connection. The
 * bytes that came behind the request are put back.
 */
export function responseOn(request: IncomingMessage, socket: Socket, early: Buffer): ServerResponse {
  const response = new ServerResponse(request)
  // There is no listener of node:http left, and an error without one ends the process.
  socket.on('error', () => socket.destroy())
  // Before the answer, whoever ends is gone.
  socket.on('end', () => {
    if (!response.headersSent && response.socket !== null) socket.destroy()
  })
  socket.on('drain', () => response.emit('drain'))
  if (early.length > 0) socket.unshift(early)
  response.assignSocket(socket)
  response.shouldKeepAlive = false
  response.on('finish', () => part(socket))
  return response
}
