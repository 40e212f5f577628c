// A door with TLS: which certificate callers are shown, and what theirs calls them. Must not read files
// (rules/tls-files.ts), nor decide whom to believe (rules/callers.ts).
import type { ServerOptions } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Tls } from '../rules/listener.ts'
import { identitiesOf } from '../rules/tls-names.ts'
import { type Door, lobbyOf, type Speech } from './door.ts'
import { rawOf } from './visit.ts'

/** What became of a handshake. */
export type Handshake =
  | 'completed'
  | 'timeout'
  | 'plain-http'
  | 'no-certificate'
  | 'bad-certificate'
  | 'no-common-protocol'
  | 'refused-by-caller'
  | 'caller-gone'
  | 'other'

export type TlsDoorOptions = {
  readonly http: ServerOptions
  readonly speech: Speech
  /** Called once for each connection. */
  readonly shaken: (outcome: Handshake) => void
  /** Milliseconds that a handshake may take. */
  readonly timeout?: number
}

const handshakeTimeout = 10_000

/** Opens nothing yet: the server is to listen. */
export function tlsDoor(
  first: Tls,
  { http, speech, shaken, timeout = handshakeTimeout }: TlsDoorOptions
): Door {
  let tls = first
  /** Who is in; once for each connection, for a certificate is costly to read. */
  const callers = new WeakMap<Socket, readonly string[]>()
  const server = createServer({
    ...http,
    ...first.options,
    // What throws in here ends the process, so it looks a name up and does nothing else: CVE-2026-21637.
    SNICallback: (name, done) => done(null, tls.choose(name)),
    // The order is whom the gateway would rather speak.
    ALPNProtocols: [
      ...(speech.streams === undefined ? [] : ['h2']),
      ...(speech.http1 ? ['http/1.1', 'http/1.0'] : [])
    ],
    handshakeTimeout: timeout,
    requestCert: first.client !== 'none',
    rejectUnauthorized: first.client === 'require'
  })
  const lobby = lobbyOf(server, 'secureConnection', speech)
  server.on('secureConnection', socket => {
    callers.set(socket, first.client === 'none' ? nobody : identitiesOfCaller(socket))
    shaken('completed')
    if (speech.streams !== undefined && socket.alpnProtocol === 'h2') speech.streams.accept(socket)
    else lobby.receive(socket)
  })
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => shaken(reasonOf(error, socket)))
  return {
    scheme: 'https',
    server,
    lobby,
    streams: speech.streams,
    identitiesOf: socket => callers.get(rawOf(socket)) ?? nobody,
    speaksHttp: socket => callers.has(rawOf(socket)),
    renew: renewed => {
      if (renewed === undefined || renewed === tls) return
      tls = renewed
      // With it go the keys of session tickets: nobody resumes what the old authorities vouched for.
      server.setSecureContext(renewed.options)
    }
  }
}

const nobody: readonly string[] = []

function identitiesOfCaller(socket: TLSSocket): readonly string[] {
  if (!socket.authorized) return nobody
  try {
    const certificate = socket.getPeerX509Certificate()
    return certificate === undefined ? nobody : identitiesOf(certificate)
  } catch {
    // A certificate that Node cannot read proves nothing.
    return nobody
  }
}

// https://nodejs.org/api/errors.html#openssl-error-codes; the last part is the reason that OpenSSL gives.
const reasons: ReadonlyMap<string, Handshake> = new Map<string, Handshake>([
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'timeout'],
  ['ERR_SSL_HTTP_REQUEST', 'plain-http'],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', 'no-certificate'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'no-common-protocol'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'no-common-protocol'],
  ['ERR_SSL_NO_SHARED_CIPHER', 'no-common-protocol'],
  ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM', 'no-common-protocol']
])

function reasonOf({ code = '' }: NodeJS.ErrnoException, { authorizationError }: TLSSocket): Handshake {
  const known = reasons.get(code)
  if (known !== undefined) return known
  // Node ends the connection of whom it refuses, and tells of that end alone.
  if (code === 'ECONNRESET') return authorizationError ? 'bad-certificate' : 'caller-gone'
  return /^ERR_SSL_[A-Z0-9]{1,16}_ALERT_/.test(code) ? 'refused-by-caller' : 'other'
}
