// Makes a connection for requests of HTTP/1, and hands over what is read on it. All plain ones are read into the same
// memory: a buffer for each read, most of it unused, was a tenth of what a request costs.
// https://nodejs.org/api/net.html#socketconnectoptions-connectlistener (`onread`)
import { connect as connectPlain, type LookupFunction, type Socket } from 'node:net'
import type { UpstreamTarget } from '../rules/upstream.ts'
import type { Connector } from './connect.ts'
import { errors } from './undici.ts'

/** `bytes` are good for the time of the call alone. */
export type Read = (bytes: Buffer) => void

export type Dialled = (error: Error | null, socket: Socket | undefined) => void

/** Calls `done` once; `read` only after that, and never before who is called has returned. */
export type Dial = (read: Read, done: Dialled) => void

/** So much is read at once. */
const memory = Buffer.alloc(64 * 1024)

/** Milliseconds of silence before the system asks whether the other side is still there. */
const probeAfter = 60_000

/** `timeout` in milliseconds; 0 for ever. */
export function plainDial(
  { host, port }: Pick<UpstreamTarget, 'host' | 'port'>,
  timeout: number,
  lookup: LookupFunction | undefined
): Dial {
  const where = { host: host.replace(/^\[|\]$/g, ''), port, noDelay: true, keepAlive: true }
  const options = { ...where, keepAliveInitialDelay: probeAfter, ...(lookup === undefined ? {} : { lookup }) }
  return (read, done) => {
    const socket = connectPlain({
      ...options,
      onread: {
        buffer: memory,
        callback: length => {
          read(memory.subarray(0, length))
          return true
        }
      }
    })
    const late = () => socket.destroy(new errors.ConnectTimeoutError())
    const timer = timeout === 0 ? undefined : setTimeout(late, timeout)
    const failed = (error: Error) => {
      clearTimeout(timer)
      done(error, undefined)
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', failed)
      done(null, socket)
    })
  }
}

/** By TLS, as `connect` makes them. */
export function secureDial({ host, port, origin }: UpstreamTarget, connect: Connector): Dial {
  const where = { protocol: new URL(origin).protocol, hostname: host, host, port: String(port) }
  return (read, done) =>
    connect(where, (...[error, socket]) => {
      if (error !== null) return done(error, undefined)
      done(null, socket)
      socket.on('data', read)
    })
}
