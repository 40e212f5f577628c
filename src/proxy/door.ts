// How callers come in at one listener: in plain text here, by TLS in tls.ts. It knows nothing of requests.
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Tls } from '../rules/listener.ts'
import type { StreamDoor } from './h2-door.ts'
import { createLobby, type Lobby, type LobbyPatience } from './lobby.ts'

export type Door = {
  readonly scheme: 'http' | 'https'
  /** Of HTTP/1, and of all connections. */
  readonly server: Server | TlsServer
  /** Where connections wait that do not speak HTTP/2. */
  readonly lobby: Lobby
  /** Undefined where HTTP/2 is not spoken. */
  readonly streams: StreamDoor | undefined
  /** What the verified certificate of this connection calls its caller; empty without one. */
  readonly identitiesOf: (socket: Socket) => readonly string[]
  /** Whether this connection got as far as HTTP: who fails at the handshake cannot be answered. */
  readonly speaksHttp: (socket: Socket) => boolean
  /** Shows new callers other certificates; those who are in stay. Only for the same `kindOf`. */
  readonly renew: (tls: Tls | undefined) => void
}

/** What cannot change while a door is open. */
export function kindOf(tls: Tls | undefined): 'plain' | Tls['client'] {
  return tls?.client ?? 'plain'
}

const nobody: readonly string[] = []

/** What is spoken at a door. */
export type Speech = {
  readonly http1: boolean
  readonly streams: StreamDoor | undefined
  readonly patience: () => LobbyPatience
  /** Connections that never leave node:http, at most. */
  readonly residents: number
}

/**
 * Takes a server's connections of this event from it: they wait in the lobby, and it gets visits of those that speak
 * HTTP/1. `h2` takes those of HTTP/2 where nothing but their first bytes tells them apart.
 */
export function lobbyOf(
  server: Server | TlsServer,
  event: string,
  { http1, patience, residents }: Speech,
  h2?: StreamDoor['accept']
): Lobby {
  const own = server.listeners(event)
  server.removeAllListeners(event)
  const show = (connection: Duplex) => {
    for (const listener of own) Reflect.apply(listener, server, [connection])
  }
  const closeIdle = () => server.closeIdleConnections()
  return createLobby({ http1: http1 ? show : refuse, h2, patience, residents, closeIdle })
}

function refuse(connection: Duplex): void {
  connection.on('error', () => connection.destroy())
  // What is unread at the end would make the system reset the connection, and the answer with it.
  connection.resume()
  connection.end(wrongProtocol, () => connection.destroy())
}

// https://www.rfc-editor.org/rfc/rfc9110#section-15.6.6
const wrongProtocol =
  'HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

/** A door that anybody can read along at. */
export function plainDoor(options: ServerOptions, speech: Speech): Door {
  const server = createServer(options)
  const { streams } = speech
  const lobby = lobbyOf(server, 'connection', speech, streams?.accept)
  server.on('connection', lobby.receive)
  return {
    scheme: 'http',
    server,
    lobby,
    streams,
    identitiesOf: () => nobody,
    speaksHttp: () => true,
    renew: () => {}
  }
}
