// The listeners in front: from doors to exchanges. Rules come and go under it; a request keeps those it began with.
import { type IncomingMessage, type ServerOptions, type ServerResponse, STATUS_CODES } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import { listenOn } from '../listen.ts'
import type { Log } from '../report/log.ts'
import type { Outcome } from '../report/outcome.ts'
import type { ListenTimeouts } from '../rules/limits.ts'
import type { Listen, Listener } from '../rules/listener.ts'
import type { Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import type { Ids } from '../trace/ids.ts'
import { type Door, kindOf, plainDoor, type Speech } from './door.ts'
import { Exchange } from './exchange.ts'
import { type Failure, failures } from './failure.ts'
import { createFieldReader, type FieldReader } from './fields.ts'
import { createStreamDoor, type StreamDoor } from './h2-door.ts'
import { asksForWebSocket, responseOn } from './handshake.ts'
import { limit, limited, overlongTarget } from './limits.ts'
import type { Level } from './overload.ts'
import { part } from './parting.ts'
import type { Pools } from './pools.ts'
import type { Answer, Question } from './sides.ts'
import { type Asked, endsItself } from './spoilt.ts'
import { createSweep } from './sweep.ts'
import { plainAddress } from './target.ts'
import { type Handshake, tlsDoor } from './tls.ts'
import { createTunnels, type Tunnels } from './tunnel.ts'
import { createTurns } from './turns.ts'

/** What a reload swaps, whole. */
export type Live = { readonly rules: Rules; readonly pools: Pools }

/** What exchanges need of the world. */
export type Gateway = {
  readonly reader: FieldReader
  readonly ids: Ids
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly now: () => number
  /** Each connection ends with its next answer. */
  readonly draining: () => boolean
  /** Of the listener that this is the door of, as of now. */
  readonly timeoutsOf: (door: Door) => ListenTimeouts | undefined
  /** Sampling rules for a while. */
  readonly timed: Pick<Timed, 'over'>
  /** Connections that left HTTP. */
  readonly tunnels: Pick<Tunnels, 'open'>
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
  /** How much there is to do. */
  readonly pressure: () => Level
}

/** A listener as it came to be: the port is the one that was bound. */
export type Bound = Listen & { readonly scheme: Door['scheme'] }

export type Listeners = {
  /** Where it listens; rejects with the error of node:net. */
  readonly listen: (where: Listener) => Promise<Bound>
  /** Shows new callers the certificates of these, where address and kind are those that it listens with. */
  readonly renew: (listen: readonly Listener[]) => void
  /** Requests that are not answered yet. */
  readonly inFlight: () => number
  /** Connections that left HTTP and are open. */
  readonly upgraded: () => number
  readonly connections: () => number
  /** Connections that were closed at once, for there were too many. */
  readonly turnedAway: () => number
  readonly draining: () => boolean
  /** From now on each connection ends with its next answer; new ones are still taken. */
  readonly retire: () => void
  /** Takes no new connection, lets requests in flight end for `deadlineMs`, then cuts what is left. */
  readonly drain: (deadlineMs: number) => Promise<void>
}

/** Milliseconds between looks at what is idle, while it drains. */
const idleSweep = 250

const http: ServerOptions = {
  insecureHTTPParser: false,
  // Ours is the answer, in the words of the table of failures.
  requireHostHeader: false,
  rejectNonStandardBodyWrites: true,
  noDelay: true,
  shouldUpgradeCallback: asksForWebSocket
}

export function createListeners(options: GatewayOptions): Listeners {
  const doors: { readonly door: Door; readonly where: Listener }[] = []
  /** As the rules have it now. */
  const places = new Map<Door, Listener>()
  const sweep = createSweep()
  /** Connections that have not brought a request yet, and those that node:http has let go of: it would not close them. */
  const quiet = new Set<Socket>()
  /** What is under way on each connection of HTTP/1. */
  const latest = new WeakMap<Socket, Asked>()
  /** How many requests each connection has brought. */
  const counts = new WeakMap<Socket, number>()
  /** Connections that end by themselves, whatever else comes. */
  const spoilt = new WeakSet<Socket>()
  const turns = createTurns()
  const tunnels = createTunnels()
  let running = 0
  let connections = 0
  let turnedAway = 0
  let draining = false
  const gateway: Gateway = {
    reader: createFieldReader(),
    ids: options.ids,
    now: options.now,
    draining: () => draining || options.pressure() > 0,
    timeoutsOf: door => places.get(door)?.timeouts,
    timed: options.timed,
    tunnels,
    log: options.log,
    tell: outcome => {
      running--
      options.tell(outcome)
    }
  }

  function serve(
    door: Door,
    request: Question,
    response: Answer,
    failure?: Failure,
    upgrading = false
  ): Exchange {
    quiet.delete(request.socket)
    const live = options.live()
    const exchange = new Exchange(gateway, live, door, request, response, upgrading)
    running++
    sweep.add(exchange)
    response.on('close', () => {
      sweep.delete(exchange)
      exchange.closed()
    })
    try {
      const most = live.rules.limits.inFlight
      if (running - tunnels.count() > most || options.pressure() > 2) exchange.fail(failures.overloaded)
      else if (failure === undefined) exchange.run()
      else exchange.fail(failure)
    } catch (error) {
      exchange.crashed(error)
    }
    return exchange
  }

  /** Serves a request when it is its turn. */
  function serveHttp1(
    door: Door,
    request: IncomingMessage,
    response: ServerResponse,
    failure?: Failure
  ): void {
    const { socket } = request
    // It came behind an answer that ended the connection.
    if (!socket.writable) request.resume()
    else if (latest.has(socket)) turns.wait(socket, { door, request, response, failure })
    else begin(door, request, response, failure)
  }

  function begin(
    door: Door,
    request: IncomingMessage,
    response: ServerResponse,
    failure?: Failure,
    upgrading = false
  ): void {
    const { socket } = request
    const number = (counts.get(socket) ?? 0) + 1
    counts.set(socket, number)
    // node:http would announce it, and leave the connection open.
    if (number >= (places.get(door)?.limits.requests ?? number)) response.shouldKeepAlive = false
    const exchange = serve(door, request, response, failure, upgrading)
    const asked = { request, response, spoil: () => exchange.spoil() }
    latest.set(socket, asked)
    response.on('close', () => {
      // An idle connection is to hold nothing of what was asked on it. An upgraded one closes twice.
      if (latest.get(socket) !== asked) return
      latest.delete(socket)
      follow(socket)
    })
  }

  /** Serves what waits behind an answer that is over. */
  function follow(socket: Socket): void {
    const next = turns.next(socket)
    if (next === undefined) return
    try {
      begin(next.door, next.request, next.response, next.failure)
    } catch (error) {
      failed(error, socket)
    }
  }

  /** An error of the gateway itself ends this connection, and no other. */
  function failed(error: unknown, socket: Socket): void {
    options.log.error('a connection failed', { stack: error instanceof Error ? error.stack : String(error) })
    socket.destroy()
  }

  /** What hears of a server's connections, so that nothing it throws ends the process. */
  function guarded<First>(hear: (first: First, socket: Socket, early: Buffer) => void): typeof hear {
    return (first, socket, early) => {
      try {
        hear(first, socket, early)
      } catch (error) {
        failed(error, socket)
      }
    }
  }

  /** A connection that node:http has let go of, where nothing is to be served any more. */
  function leave(socket: Socket): void {
    quiet.add(socket)
    // There is no listener of node:http left, and an error without one ends the process.
    socket.on('error', () => socket.destroy())
    // What is under way is still answered.
    socket.on('drain', () => latest.get(socket)?.response.emit('drain'))
    socket.resume()
  }

  /** Whoever speaks HTTP/2 at a door. */
  function streamsOf(first: Listener, place: () => Listener, door: () => Door): StreamDoor {
    const { header, fields, requests } = first.limits
    return createStreamDoor({
      serve: (question, answer, faulty) => {
        const failure = faulty ? failures.badRequest : overlongTarget(question, place().limits)
        serve(door(), question, answer, failure)
      },
      header,
      fields,
      requests,
      patience: () => place().timeouts,
      retiring: gateway.draining
    })
  }

  /** Whether a connection on which no request can follow any more has its end under way. */
  function ending(socket: Socket): boolean {
    if (spoilt.has(socket)) return true
    spoilt.add(socket)
    const asked = latest.get(socket)
    return asked !== undefined && endsItself(asked, socket)
  }

  function left(): void {
    connections--
  }

  function refuse(failure: Failure, socket: Socket): void {
    const client = plainAddress(socket.remoteAddress ?? '')
    say(failure, socket)
    options.refused({ client, failure, at: options.now() })
  }

  return {
    listen: async where => {
      const own = { ...http, ...limited(where.limits, where.timeouts) }
      const { handshake: timeout } = where.timeouts
      const speech: Speech = {
        http1: where.protocols.includes('http1'),
        streams: where.protocols.includes('h2')
          ? streamsOf(
              where,
              () => places.get(door) ?? where,
              () => door
            )
          : undefined,
        patience: where.timeouts.header
      }
      const door: Door =
        where.tls === undefined
          ? plainDoor(own, speech)
          : tlsDoor(where.tls, { http: own, speech, shaken: options.shaken, timeout })
      const { server } = door
      places.set(door, where)
      limit(server, where.limits, where.timeouts)
      const asking =
        (failureOf: (request: IncomingMessage) => Failure | undefined) =>
        (request: IncomingMessage, response: ServerResponse): void => {
          try {
            serveHttp1(door, request, response, failureOf(request))
          } catch (error) {
            failed(error, request.socket)
          }
        }
      const overlong = (request: IncomingMessage) =>
        overlongTarget(request, (places.get(door) ?? where).limits)
      server.on('request', asking(overlong))
      // Answered once it is routed: whoever is refused need not send the body.
      server.on('checkContinue', asking(overlong))
      server.on(
        'checkExpectation',
        asking(() => failures.expectationFailed)
      )
      server.on('connection', (socket: Socket) => {
        connections++
        socket.once('close', left)
      })
      server.on('drop', () => {
        turnedAway++
      })
      // One with TLS is two sockets: the plain one, then, after the handshake, the one around it.
      for (const event of ['connection', 'secureConnection']) {
        server.on(event, (socket: Socket) => {
          quiet.add(socket)
          socket.once('close', () => quiet.delete(socket))
        })
      }
      server.on(
        'upgrade',
        guarded((request: IncomingMessage, socket: Socket, early: Buffer) => {
          if (socket.writable && !latest.has(socket)) {
            return begin(door, request, responseOn(request, socket, early), overlong(request), true)
          }
          // It did not wait for the answer before, which is the last one then.
          leave(socket)
          if (!ending(socket)) part(socket)
        })
      )
      server.on(
        'connect',
        guarded((_: IncomingMessage, socket: Socket) => {
          leave(socket)
          if (!ending(socket)) refuse(failures.methodNotAllowed, socket)
        })
      )
      server.on(
        'clientError',
        guarded((error: NodeJS.ErrnoException, socket: Socket) => {
          if (!door.speaksHttp(socket)) return void socket.destroy()
          // Whoever ends amid a request is gone.
          const gone =
            error.code === 'HPE_INVALID_EOF_STATE' && latest.get(socket)?.response.writableFinished === false
          if (!socket.writable || error.code === 'ECONNRESET' || gone) return void socket.destroy()
          if (!ending(socket)) refuse(refusals.get(error.code) ?? failures.badRequest, socket)
        })
      )
      const port = await listenOn(server, where.host, where.port)
      server.on('error', error => options.log.error('a listener failed', { error: error.message }))
      doors.push({ door, where })
      return { host: where.host, port, scheme: door.scheme }
    },
    renew: listen => {
      for (const [index, { door, where }] of doors.entries()) {
        const same = (other: Listener | undefined) => other?.host === where.host && other.port === where.port
        const wanted = same(listen[index]) ? listen[index] : listen.find(same)
        if (wanted === undefined || kindOf(wanted.tls) !== kindOf(where.tls)) continue
        door.renew(wanted.tls)
        limit(door.server, wanted.limits, wanted.timeouts)
        places.set(door, wanted)
      }
    },
    inFlight: () => running - tunnels.count(),
    upgraded: tunnels.count,
    connections: () => connections,
    turnedAway: () => turnedAway,
    draining: () => draining,
    retire: () => {
      draining = true
    },
    drain: async deadlineMs => {
      draining = true
      const ended = doors.map(({ door }) => end(door, quiet, deadlineMs))
      // Nobody comes back in from here on: who hears this goes to another instance.
      tunnels.farewell()
      const deadline = setTimeout(tunnels.cut, deadlineMs)
      await Promise.all(ended)
      // Their callers are gone by now, their upstreams may not be.
      await tunnels.ended()
      clearTimeout(deadline)
      sweep.close()
    }
  }
}

/**
 * `close` of node:http cuts connections that are idle this very moment, and with them the requests that are on the
 * way; those that are busy it leaves open for good. Here only the listening ends at once: each connection ends with
 * its next answer, and what is idle by then is swept. So are those on which nothing was ever sent, as browsers open
 * them ahead.
 */
function end({ server, streams }: Door, quiet: ReadonlySet<Socket>, deadlineMs: number): Promise<void> {
  return new Promise(resolve => {
    streams?.drain()
    const idle = setInterval(() => {
      server.closeIdleConnections()
      for (const socket of quiet) if (socket.bytesRead === 0) socket.destroy()
    }, idleSweep)
    const deadline = setTimeout(() => {
      streams?.cut()
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
  part(
    socket,
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  )
}
