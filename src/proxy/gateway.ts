// The listeners in front: from doors to exchanges. Rules come and go under it; a request keeps those it began with.
import type { ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { listenOn } from '../listen.ts'
import type { Log } from '../report/log.ts'
import type { Outcome } from '../report/outcome.ts'
import type { ListenTimeouts } from '../rules/limits.ts'
import type { Listen, Listener } from '../rules/listener.ts'
import type { Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import type { Ids } from '../trace/ids.ts'
import { type Door, kindOf, plainDoor, type Speech } from './door.ts'
import { drain } from './draining.ts'
import { Exchange } from './exchange.ts'
import { type Failure, failures } from './failure.ts'
import { createFieldReader, type FieldReader } from './fields.ts'
import { Request } from './h1-question.ts'
import { createStreamDoor, type StreamDoor } from './h2-door.ts'
import { asksForWebSocket } from './handshake.ts'
import { createHttp1 } from './http1.ts'
import { limit, limited, overlongTarget } from './limits.ts'
import type { Level } from './overload.ts'
import type { Pools } from './pools.ts'
import type { Answer, Question } from './sides.ts'
import { createSweep } from './sweep.ts'
import { plainAddress } from './target.ts'
import { type Handshake, tlsDoor } from './tls.ts'
import { createTunnels, type Tunnels } from './tunnel.ts'

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

/** Connections of a listener that are quick rather than small while nothing is asked on them: some megabytes. */
const residents = 256

const http: ServerOptions = {
  IncomingMessage: Request,
  insecureHTTPParser: false,
  // Ours is the answer, in the words of the table of failures.
  requireHostHeader: false,
  rejectNonStandardBodyWrites: true,
  // A request without a body has no stream to be read, ended and destroyed.
  optimizeEmptyRequests: true,
  noDelay: true,
  shouldUpgradeCallback: asksForWebSocket
}

export function createListeners(options: GatewayOptions): Listeners {
  const doors: { readonly door: Door; readonly where: Listener }[] = []
  /** As the rules have it now. */
  const places = new Map<Door, Listener>()
  const sweep = createSweep()
  /** All that are open, in the middle of a handshake as well: node:http knows of few of them. */
  const connections = new Set<Socket>()
  const tunnels = createTunnels()
  let running = 0
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

  const http1 = createHttp1({
    serve,
    placeOf: door => places.get(door),
    // It ends this connection, and no other.
    failed: (error, socket) => {
      const stack = error instanceof Error ? error.stack : String(error)
      options.log.error('a connection failed', { stack })
      socket.destroy()
    },
    refused: (failure, socket) => {
      const client = plainAddress(socket.remoteAddress ?? '')
      options.refused({ client, failure, at: options.now() })
    }
  })

  /** Whoever speaks HTTP/2 at a door. */
  function streamsOf(place: () => Listener, door: () => Door): StreamDoor {
    return createStreamDoor({
      serve: (question, answer, faulty) => {
        const failure = faulty ? failures.badRequest : overlongTarget(question, place().limits)
        serve(door(), question, answer, failure)
      },
      limits: () => place().limits,
      patience: () => place().timeouts,
      retiring: gateway.draining
    })
  }

  function arrived(socket: Socket): void {
    connections.add(socket)
    socket.on('close', left)
  }

  function left(this: Socket): void {
    connections.delete(this)
  }

  return {
    listen: async where => {
      const own = { ...http, ...limited(where.timeouts) }
      const { handshake: timeout } = where.timeouts
      const speech: Speech = {
        http1: where.protocols.includes('http1'),
        streams: where.protocols.includes('h2')
          ? streamsOf(
              () => places.get(door) ?? where,
              () => door
            )
          : undefined,
        patience: () => (places.get(door) ?? where).timeouts,
        residents
      }
      const door: Door =
        where.tls === undefined
          ? plainDoor(own, speech)
          : tlsDoor(where.tls, { http: own, speech, shaken: options.shaken, timeout })
      const { server } = door
      places.set(door, where)
      limit(server, where.limits, where.timeouts)
      http1(door)
      server.on('connection', arrived)
      server.on('drop', () => {
        turnedAway++
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
        if (wanted === undefined || kindOf(wanted.tls) !== kindOf(where.tls)) continue
        door.renew(wanted.tls)
        limit(door.server, wanted.limits, wanted.timeouts)
        places.set(door, wanted)
      }
    },
    inFlight: () => running - tunnels.count(),
    upgraded: tunnels.count,
    connections: () => connections.size,
    turnedAway: () => turnedAway,
    draining: () => draining,
    retire: () => {
      draining = true
    },
    drain: async deadlineMs => {
      draining = true
      // Ahead of those of the doors: what is a tunnel by then is told of as one.
      const deadline = setTimeout(tunnels.cut, deadlineMs)
      const ended = doors.map(({ door }) => drain(door, connections, deadlineMs))
      // Nobody comes back in from here on: who hears this goes to another instance.
      tunnels.farewell()
      await Promise.all(ended)
      // Their callers are gone by now, their upstreams may not be.
      await tunnels.ended()
      clearTimeout(deadline)
      sweep.close()
    }
  }
}
