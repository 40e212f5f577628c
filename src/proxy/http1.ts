// HTTP/1 at a door: one request of a connection after the other, and what is said to bytes that are no request. It must
// not know what serving is.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Listener } from '../rules/listener.ts'
import type { Door } from './door.ts'
import { type Failure, failures } from './failure.ts'
import { responseOn } from './handshake.ts'
import { overlongTarget } from './limits.ts'
import { part } from './parting.ts'
import { type Asked, endsItself } from './spoilt.ts'
import { createTurns } from './turns.ts'
import { countOn, rawOf } from './visit.ts'

/** Begins an exchange; what is given back ends it, where the body turns out to make no sense. */
export type ServeHttp1 = (
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  failure: Failure | undefined,
  upgrading: boolean
) => { readonly spoil: () => void }

export type Http1Options = {
  readonly serve: ServeHttp1
  /** The listener that this is the door of, as of now. */
  readonly placeOf: (door: Door) => Listener | undefined
  /** An error of the gateway itself, on this connection. */
  readonly failed: (error: unknown, socket: Socket) => void
  /** This was answered to bytes that are no request. */
  readonly refused: (failure: Failure, socket: Socket) => void
}

/** Serves what node:http reads at a door. */
export function createHttp1({ serve, placeOf, failed, refused }: Http1Options): (door: Door) => void {
  /** What is under way on each connection. */
  const latest = new WeakMap<Socket, Asked>()
  /** Connections that end by themselves, whatever else comes. */
  const spoilt = new WeakSet<Socket>()
  const turns = createTurns()

  /** Serves a request when it is its turn. */
  function take(door: Door, request: IncomingMessage, response: ServerResponse, failure?: Failure): void {
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
    // node:http would announce it, and leave the connection open.
    if (countOn(socket) >= (placeOf(door)?.limits.requests ?? Infinity)) response.shouldKeepAlive = false
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
    // There is no listener of node:http left, and an error without one ends the process.
    socket.on('error', () => socket.destroy())
    // Whoever ends before its answer is all here is gone.
    socket.on('end', () => {
      if (latest.get(socket)?.response.writableEnded === false) socket.destroy()
    })
    // What is under way is still answered.
    socket.on('drain', () => latest.get(socket)?.response.emit('drain'))
    socket.resume()
  }

  /** Whether a connection on which no request can follow any more has its end under way. */
  function ending(socket: Socket): boolean {
    if (spoilt.has(socket)) return true
    spoilt.add(socket)
    const asked = latest.get(socket)
    return asked !== undefined && endsItself(asked, socket)
  }

  function refuse(failure: Failure, socket: Socket): void {
    say(failure, socket)
    refused(failure, socket)
  }

  return door => {
    const { server, lobby } = door
    const overlong = (request: IncomingMessage) => {
      const place = placeOf(door)
      return place && overlongTarget(request, place.limits)
    }
    const asking =
      (failureOf: (request: IncomingMessage) => Failure | undefined) =>
      (request: IncomingMessage, response: ServerResponse): void => {
        try {
          take(door, request, response, failureOf(request))
        } catch (error) {
          failed(error, request.socket)
        }
      }
    server.on('request', asking(overlong))
    // Answered once it is routed: whoever is refused need not send the body.
    server.on('checkContinue', asking(overlong))
    server.on(
      'checkExpectation',
      asking(() => failures.expectationFailed)
    )
    server.on(
      'upgrade',
      guarded((request: IncomingMessage, socket: Socket, early: Buffer) => {
        if (socket.writable && !latest.has(socket)) {
          // From here on nobody needs the stand-in.
          const raw = rawOf(socket)
          const behind: Buffer | null = socket.read()
          lobby.release(raw)
          request.socket = raw
          const rest = behind === null ? early : Buffer.concat([early, behind])
          return begin(door, request, responseOn(request, raw, rest), overlong(request), true)
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
  }
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
