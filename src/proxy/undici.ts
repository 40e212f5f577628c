// What the proxy takes of undici: single files, with what those need, for the whole would be a sixth of the start and of
// memory.
// They are its own business, not its interface: the lockfile pins them, and nothing here works without.
import { createRequire } from 'node:module'
import type { Client, buildConnector as connector, errors as undiciErrors } from 'undici'

const require = createRequire(import.meta.url)

/** What goes wrong with connections: their codes are what `cause` says in logs and spans. */
export const errors: typeof undiciErrors = require('undici/lib/core/errors.js')

/** Makes TCP and TLS connections, with TLS sessions that are taken up again. */
export const buildConnector: typeof connector = require('undici/lib/core/connect.js')

/** llhttp as a module of WebAssembly. */
export function llhttpBytes(): Buffer {
  return require('undici/lib/llhttp/llhttp_simd-wasm.js')
}

/** A client for one origin, and with it all of undici. */
export function openClient(...options: ConstructorParameters<typeof Client>): Client {
  const { Client }: typeof import('undici') = require('undici')
  return new Client(...options)
}
