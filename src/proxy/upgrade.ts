// The way to the upstream for WebSocket: the one file that knows http-proxy-3. That makes the request and pipes the two
// connections into each other; it sees none of the caller's bytes before the upstream has agreed, and writes no answer
// of its own but that 101. https://github.com/sagemathinc/http-proxy-3

import { Agent, type ClientRequest, IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { RawFields } from './fields.ts'
import { grants } from './handshake.ts'
import type { Line } from './pools.ts'
import type { Control, Recipient } from './recipient.ts'
import { errors } from './undici.ts'

export type UpgradeRequest = {
  readonly line: Pick<Line, 'target' | 'connect'>
  /** In origin-form, byte for byte. */
  readonly path: string
  /** Name, value, name, value, as `outgoing` makes them: nothing in them belongs to the caller's connection. */
  readonly headers: RawFields
  /** Sec-WebSocket-Key. */
  readonly key: string
  /** Milliseconds; 0 for ever. */
  readonly timeouts: { readonly firstByte: number; readonly idle: number }
}

/** Hears of the answer as of any other, until the upstream agrees. */
export type UpgradeRecipient = Recipient & {
  /** The upstream agrees: gives the fields of the 101 for the caller. */
  readonly onSwitch: (fields: RawFields) => RawFields
  /** The two are one connection now. */
  readonly onOpen: (upstream: Socket) => void
}

/** Bytes of an answer's header. */
const maxHeaderSize = 64 * 1024
const none = Buffer.alloc(0)

type Library = typeof import('http-proxy-3')

let library: Library | undefined

/** Loads http-proxy-3: it costs more than a tenth of the start, and most rules need none. */
export function loadUpgrades(): Library {
  if (library !== undefined) return library
  const loaded: Library = createRequire(import.meta.url)('http-proxy-3')
  library = loaded
  return loaded
}

/** Asks the upstream to switch. Nothing is written to `caller` unless it does; other answers go to the recipient. */
export function upgrade(caller: Socket, request: UpgradeRequest, recipient: UpgradeRecipient): void {
  const proxy = loadUpgrades().createProxyServer()
  // It tells of every error of the caller's connection, which has its own listeners, and throws what nobody hears.
  proxy.on('error', () => {})
  let sent: ClientRequest | undefined
  proxy.once('proxyReqWs', outgoing => {
    sent = outgoing
    write(outgoing, request)
  })
  const { host, port } = request.line.target
  const options = {
    // TLS, names and their addresses are those of all connections to this target.
    target: { protocol: 'http:', host, hostname: host, port },
    agent: agentOf(request.line),
    // Begins the options of node:http's request.
    ssl: { maxHeaderSize, insecureHTTPParser: false }
  }
  try {
    proxy.ws(standIn(caller), caller, none, options, () => {})
  } catch (error) {
    // Its connection is under way already.
    sent?.on('error', () => {}).destroy()
    throw error
  }
  if (sent !== undefined) listen(sent, caller, request, recipient)
}

/** One connection, made as others to this target are. */
function agentOf({ target, connect }: UpgradeRequest['line']): Agent {
  const agent = new Agent()
  const { protocol, host } = new URL(target.origin)
  const where = { protocol, host, hostname: target.host, port: String(target.port) }
  agent.createConnection = (_, done) => {
    connect(where, (...[error, socket]) => {
      if (error === null) done?.(null, socket)
      else Reflect.apply(done ?? (() => {}), undefined, [error])
    })
    return undefined
  }
  return agent
}

/** All that http-proxy-3 is told of the caller's request: it copies what it is given, connection fields and all. */
function standIn(caller: Socket): IncomingMessage {
  const request = new IncomingMessage(caller)
  request.method = 'GET'
  request.url = '/'
  request.httpVersion = '1.1'
  request.headers = { upgrade: 'websocket', connection: 'Upgrade' }
  return request
}

function write(outgoing: ClientRequest, { path, headers }: UpgradeRequest): void {
  // Not through http-proxy-3, which resolves `..` where the route has been chosen already.
  outgoing.path = path
  for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name)
  for (let i = 0; i < headers.length; i += 2) outgoing.appendHeader(headers[i] ?? '', headers[i + 1] ?? '')
  outgoing.setHeader('Connection', 'Upgrade')
  outgoing.setHeader('Upgrade', 'websocket')
}

function listen(
  sent: ClientRequest,
  caller: Socket,
  request: UpgradeRequest,
  recipient: UpgradeRecipient
): void {
  const { firstByte, idle } = request.timeouts
  // Its own would answer without backpressure, and end the caller's connection before we have answered.
  sent.removeAllListeners('response')
  sent.removeAllListeners('error')
  const splices = sent.listeners('upgrade')
  sent.removeAllListeners('upgrade')

  let answer: IncomingMessage | undefined
  const control: Control = {
    abort: reason => void sent.destroy(reason),
    pause: () => void answer?.pause(),
    resume: () => void answer?.resume()
  }
  let over = false
  const timer =
    firstByte === 0 ? undefined : setTimeout(() => sent.destroy(new errors.HeadersTimeoutError()), firstByte)
  const failed = (error: Error) => {
    clearTimeout(timer)
    if (over) return
    over = true
    recipient.onResponseError(known(error))
  }
  sent.on('error', failed)
  // Connected: until then nothing has been sent.
  sent.on('socket', () => recipient.onRequestStart(control))

  sent.on('response', response => {
    // Node takes a 101 that names no protocol for a whole answer.
    if (response.statusCode === 101) return void sent.destroy(new errors.HTTPParserError('a 101 to nothing'))
    clearTimeout(timer)
    answer = response
    if (idle > 0) response.setTimeout(idle, () => sent.destroy(new errors.BodyTimeoutError()))
    response.on('data', (chunk: Buffer) => {
      // What was read with the bytes that broke it still comes.
      if (!over) recipient.onResponseData(control, chunk)
    })
    response.on('error', failed)
    response.on('end', () => {
      if (over) return
      over = true
      recipient.onResponseEnd([])
    })
    const { statusCode = 0, rawHeaders, statusMessage = '' } = response
    recipient.onResponseStart(control, statusCode, rawHeaders, statusMessage)
  })

  sent.on('upgrade', (response: IncomingMessage, upstream: Socket, early: Buffer) => {
    clearTimeout(timer)
    upstream.on('error', () => {})
    if (over || caller.destroyed) return void upstream.destroy()
    if (!grants(response.rawHeaders, request.key)) {
      upstream.destroy()
      return failed(new errors.HTTPParserError('a 101 to another request'))
    }
    over = true
    response.headers = byName(recipient.onSwitch(response.rawHeaders))
    // http-proxy-3 writes the header as text; field values are latin1.
    caller.setDefaultEncoding('latin1')
    for (const splice of splices) Reflect.apply(splice, sent, [response, upstream, early])
    recipient.onOpen(upstream)
  })
}

/** As http-proxy-3 takes fields to write. A table keyed by names of the upstream: without a prototype. */
function byName(fields: RawFields): IncomingMessage['headers'] {
  const lines: Record<string, string[]> = Object.create(null)
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    lines[name] = [...(lines[name] ?? []), fields[i + 1] ?? '']
  }
  return lines
}

/** An error of node:http as undici would have it, for there is one table of failures. */
function known(error: NodeJS.ErrnoException): Error {
  return error.code?.startsWith('HPE_') === true ? new errors.HTTPParserError(error.message) : error
}
