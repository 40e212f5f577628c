// Where callers come in, compiled: addresses, what is spoken there, and how much of it. Must not listen.
import type { SecureContext, SecureContextOptions } from 'node:tls'
import type { ListenLimits, ListenTimeouts } from './limits.ts'

export type Listen = { readonly host: string; readonly port: number }

/** What is spoken on a connection; `http1` is 1.0 and 1.1. */
export type Protocol = 'http1' | 'h2'

export type Listener = Listen & {
  readonly tls: Tls | undefined
  /** What callers may speak. */
  readonly protocols: readonly Protocol[]
  readonly limits: ListenLimits
  readonly timeouts: ListenTimeouts
}

/** What a listener speaks TLS with, its files read. */
export type Tls = {
  /** Those of the default certificate: for who asks for no name, or for one that none is for. */
  readonly options: SecureContextOptions
  /** By the server name that a caller asks for, undefined for the default one. Never throws. */
  readonly choose: (name: string) => SecureContext | undefined
  /** Whether callers are asked for a certificate, and refused without a valid one. */
  readonly client: 'none' | 'ask' | 'require'
  /** The default one first. */
  readonly certificates: readonly Certificate[]
}

export type Certificate = {
  /** DNS names in lower case, `*.` in front of some. */
  readonly names: readonly string[]
  /** Milliseconds since the Unix epoch, after which callers refuse it. */
  readonly until: number
}
