// The caller's side of the connection, as the upstream is told of it in X-Forwarded-* and Via (outgoing.ts writes them).
import type { Front, Rules } from '../rules/rules.ts'
import type { Caller } from './caller.ts'
import type { Standing } from './standing.ts'

export type Forwarded = {
  readonly address: string
  readonly port: number
  readonly scheme: 'http' | 'https'
  readonly host: string | undefined
  /** `1.1`: what the caller spoke, as Via has it. */
  readonly httpVersion: string
  /** What a believed caller says of those before it is added to; of others it is replaced. */
  readonly believed: boolean
  /** In lower case: a field that this caller may not send on. */
  readonly withheld: string | undefined
  /** What becomes of names with underscores. */
  readonly underscores: Front['underscores']
  /** Names this gateway in Via. */
  readonly pseudonym: string
}

export function forwardedOf(caller: Caller, { trust, forwarding }: Standing, rules: Rules): Forwarded {
  const { address, request, scheme, target, httpVersion } = caller
  return {
    address,
    port: request.socket.localPort ?? 0,
    scheme,
    host: target.authority === '' ? undefined : target.authority,
    httpVersion,
    believed: forwarding,
    withheld: trust === 'continue' ? undefined : rules.forceHeader,
    underscores: rules.front.underscores,
    pseudonym: rules.front.pseudonym
  }
}
