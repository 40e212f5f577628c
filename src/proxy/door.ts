// How callers come in at one listener: in plain text here, by TLS in tls.ts. It knows nothing of requests.
import { createServer, type Server, type ServerOptions } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Tls } from '../rules/rules.ts'

export type Door = {
  readonly scheme: 'http' | 'https'
  readonly server: Server | TlsServer
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

/** A door that anybody can read along at. */
export function plainDoor(options: ServerOptions): Door {
  return {
    scheme: 'http',
    server: createServer(options),
    identitiesOf: () => nobody,
    speaksHttp: () => true,
    renew: () => {}
  }
}
