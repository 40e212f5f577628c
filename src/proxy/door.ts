// How callers come in at one listener: in plain text here, by TLS in tls.ts. It knows nothing of requests.
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Tls } from '../rules/listener.ts'
import type { StreamDoor } from './h2-door.ts'
import { tellApart } from './preface.ts'

export type Door = {
  readonly scheme: 'http' | 'https'
  /** Of HTTP/1, and of all connections. */
  readonly server: Server | TlsServer
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
  /** Milliseconds to wait for the first bytes. */
  readonly patience: number
}

/** A connection that is not HTTP/2's: node:http takes it, or says that it was asked in the wrong protocol. */
export type TakeHttp1 = (socket: Socket) => void

/** Takes a server's connections from it, at this event, for somebody to hand those of HTTP/1 back. */
export function divert(server: Server | TlsServer, event: string, { http1 }: Speech): TakeHttp1 {
  const own = server.listeners(event)
  server.removeAllListeners(event)
  return socket => {
    if (!http1) return refuse(socket)
    for (const listener of own) Reflect.apply(listener, server, [socket])
  }
}

function refuse(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  // What is unread at the end would make the system reset the connection, and the answer with it.
  socket.resume()
  socket.end(wrongProtocol, () => socket.destroySoon())
}

// https://www.rfc-editor.org/rfc/rfc9110#section-15.6.6
const wrongProtocol =
  'HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

/** A door that anybody can read along at. */
export function plainDoor(options: ServerOptions, speech: Speech): Door {
  const server = createServer(options)
  const { streams, patience } = speech
  if (streams !== undefined) {
    const http1 = divert(server, 'connection', speech)
    const speakers = { http1, h2: streams.accept }
    server.on('connection', socket => tellApart(socket, speakers, patience))
  }
  return {
    scheme: 'http',
    server,
    streams,
    identitiesOf: () => nobody,
    speaksHttp: () => true,
    renew: () => {}
  }
}
