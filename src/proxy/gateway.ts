// The listeners in front: from doors to exchanges. Rules come and go under it; a request keeps those it began with.
import { type IncomingMessage, type ServerOptions, type ServerResponse, STATUS_CODES } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { listenOn } from '../listen.ts'
import type { Log } from '../report/log.ts'
import type { Outcome } from '../report/outcome.ts'
import type { Listen, Listener, Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import type { Ids } from '../trace/ids.ts'
import { type Door, kindOf, plainDoor } from './door.ts'
import { Exchange } from './exchange.ts'
import { type Failure, failures } from './failure.ts'
import { createFieldReader, type FieldReader } from './fields.ts'
import type { Pools } from './pools.ts'
import { plainAddress } from './target.ts'
import { type Handshake, tlsDoor } from './tls.ts'

/** What a reload swaps, whole. */
export type Live = { readonly rules: Rules; readonly pools: Pools }

/** What exchanges need of the world. */
export type Gateway = {
  readonly reader: FieldReader
  readonly ids: Ids
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly now: () => number
  readonly draining: () => boolean
  /** Sampling rules for a while. */
  readonly timed: Pick<Timed, 'over'>
  readonly log: Log
  /** Called once for each request, when it is over. */
  readonly tell: (outcome: Outcome) => void
}

/** Bytes that are no request, and whom they came from. */
export type Refusal = { readonly client: string; readonly failure: Failure; readonly at: number }

export type GatewayOptions = {
  readonly live: () => Live
  readonly timed: Pick<Timed, 'over'>
  readonly ids: Ids
  readonly now: () => number
  readonly log: Log
  readonly tell: (outcome: Outcome) => void
  readonly refused: (refusal: Refusal) => void
  /** Called once for each connection to a listener with TLS. */
  readonly shaken: (outcome: Handshake) => void
}

/** A listener as it came to be: the port is the one that was bound. */
export type Bound = Listen & { readonly scheme: Door['scheme'] }

export type Listeners = {
  /** Where it listens; rejects with the error of node:net. */
  readonly listen: (where: Listener) => Promise<Bound>
  /** Shows new callers the certificates of these, where address and kind are those that it listens with. */
  readonly renew: (listen: readonly Listener[]) => void
  readonly inFlight: () => number
  readonly draining: () => boolean
  /** Takes no new connection, lets requests in flight end for `deadlineMs`, then cuts what is left. */
  readonly drain: (deadlineMs: number) => Promise<void>
}

/** Bytes of a request's header; more is 431. */
const maxHeaderSize = 32 * 1024
/** Fields of a request; more is 431. */
const maxHeadersCount = 100
/** Milliseconds. Longer than the idle time of load balancers in front, so that they close first. */
const keepAliveTimeout = 75_000
const headersTimeout = 10_000
const requestTimeout = 300_000
const sweep = 250

const http: ServerOptions = {
  maxHeaderSize,
  keepAliveTimeout,
  headersTimeout,
  requestTimeout,
  connectionsCheckingInterval: 1_000,
  insecureHTTPParser: false,
  // Ours is the answer, in the words of the table of failures.
  requireHostHeader: false,
  rejectNonStandardBodyWrites: true,
  noDelay: true
}

export function createListeners(options: GatewayOptions): Listeners {
  const doors: { readonly door: Door; readonly where: Listener }[] = []
  /** Connections that have not brought a request yet. */
  const quiet = new Set<Socket>()
  /** What each connection was last asked. */
  const latest = new WeakMap<Socket, ServerResponse>()
  let running = 0
  let draining = false
  const gateway: Gateway = {
    reader: createFieldReader(),
    ids: options.ids,
    now: options.now,
    draining: () => draining,
    timed: options.timed,
    log: options.log,
    tell: outcome => {
      running--
      options.tell(outcome)
    }
  }

  function serve(door: Door, request: IncomingMessage, response: ServerResponse, failure?: Failure): void {
    running++
    quiet.delete(request.socket)
    latest.set(request.socket, response)
    const exchange = new Exchange(gateway, options.live(), door, request, response)
    response.on('close', () => exchange.closed())
    try {
      if (failure === undefined) exchange.run()
      else exchange.fail(failure)
    } catch (error) {
      exchange.crashed(error)
    }
  }

  function refuse(failure: Failure, socket: Socket): void {
    const client = plainAddress(socket.remoteAddress ?? '')
    say(failure, socket)
    options.refused({ client, failure, at: options.now() })
  }

  return {
    listen: async where => {
      const door =
        where.tls === undefined ? plainDoor(http) : tlsDoor(where.tls, { http, shaken: options.shaken })
      const { server } = door
      server.maxHeadersCount = maxHeadersCount
      server.on('request', (request, response) => serve(door, request, response))
      // One with TLS is two sockets: the plain one, then, after the handshake, the one around it.
      for (const event of ['connection', 'secureConnection']) {
        server.on(event, (socket: Socket) => {
          quiet.add(socket)
          socket.once('close', () => quiet.delete(socket))
        })
      }
      server.on('checkExpectation', (request, response) => {
        serve(door, request, response, failures.expectationFailed)
      })
      server.on('connect', (_, socket: Socket) => refuse(failures.methodNotAllowed, socket))
      server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
        if (!door.speaksHttp(socket)) return void socket.destroy()
        // With an answer under way there is nothing left to say on this connection.
        const answering = latest.get(socket)?.writableFinished === false
        if (!socket.writable || error.code === 'ECONNRESET' || answering) socket.destroy()
        else refuse(refusals.get(error.code) ?? failures.badRequest, socket)
      })
      const port = await listenOn(server, where.host, where.port)
      server.on('error', error => options.log.error('a listener failed', { error: error.message }))
      doors.push({ door, where })
      return { host: where.host, port, scheme: door.scheme }
    },
    renew: listen => {
      for (const [index, { door, where }] of doors.entries()) {
        const same = (other: Listener | undefined) => other?.host === where.host && other.port === where.port
        const wanted = same(listen[index]) ? listen[index] : listen.find(same)
        if (wanted !== undefined && kindOf(wanted.tls) === kindOf(where.tls)) door.renew(wanted.tls)
      }
    },
    inFlight: () => running,
    draining: () => draining,
    drain: async deadlineMs => {
      draining = true
      await Promise.all(doors.map(({ door }) => end(door.server, quiet, deadlineMs)))
    }
  }
}

/**
 * `close` of node:http cuts connections that are idle this very moment, and with them the requests that are on the
 * way; those that are busy it leaves open for good. Here only the listening ends at once: each connection ends with
 * its next answer, and what is idle by then is swept. So are those on which nothing was ever sent, as browsers open
 * them ahead.
 */
function end(server: Door['server'], quiet: ReadonlySet<Socket>, deadlineMs: number): Promise<void> {
  return new Promise(resolve => {
    const idle = setInterval(() => {
      server.closeIdleConnections()
      for (const socket of quiet) if (socket.bytesRead === 0) socket.destroy()
    }, sweep)
    const deadline = setTimeout(() => {
      server.closeAllConnections()
      // Among them those that node:http does not know of yet, in the middle of a handshake.
      for (const socket of quiet) socket.destroy()
    }, deadlineMs)
    NetServer.prototype.close.call(server, () => {
      clearInterval(idle)
      clearTimeout(deadline)
      // Ends its timers.
      server.close()
      resolve()
    })
  })
}

const refusals: ReadonlyMap<string | undefined, Failure> = new Map<string | undefined, Failure>([
  ['HPE_HEADER_OVERFLOW', failures.headerTooLarge],
  ['ERR_HTTP_REQUEST_TIMEOUT', failures.requestTimeout]
])

/** Answers what is no request. Nothing of it is repeated. */
function say({ code, status, message }: Failure, socket: Socket): void {
  const body = `${JSON.stringify({ error: code, message })}\n`
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  )
}
