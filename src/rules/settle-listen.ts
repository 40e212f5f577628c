// Fills in what rules leave out about listeners, and shows it to people again. Must not read the files that they name (tls-files.ts).
import { type Address, formatAddress, parseAddress } from './address.ts'
import type { ListenSettings, TlsSettings } from './settings.ts'
import {
  settleListenLimits,
  settleListenTimeouts,
  showListenLimits,
  showListenTimeouts
} from './settle-limits.ts'
import type { Decoded, DecodedTls } from './shape.ts'
import { optional, type Shown } from './shown.ts'

const byDefault: Address = parseAddress('0.0.0.0:8080') ?? { host: '0.0.0.0', port: 8080 }

/** With no block, every IPv4 interface, in plain text. */
export function settleListen(given: Decoded['listen']): readonly ListenSettings[] {
  return (given ?? [{ address: byDefault }]).map(({ address, tls, protocols, limits, timeouts }) => ({
    ...address,
    tls: tls === undefined ? undefined : settleTls(tls),
    protocols: protocols ?? ['http1', 'h2'],
    limits: settleListenLimits(limits),
    timeouts: settleListenTimeouts(timeouts)
  }))
}

function settleTls({ cert, key, certificates, client, ...given }: DecodedTls): TlsSettings {
  const clientCa = given['client-ca']
  return {
    // Without certificates both are there: complained of before this runs.
    certificates: certificates ?? [{ cert: cert ?? '', key: key ?? '' }],
    clientCa,
    client: clientCa === undefined ? 'none' : (client ?? 'ask')
  }
}

export function showListen({ tls, protocols, limits, timeouts, ...where }: ListenSettings): Shown {
  return {
    address: formatAddress(where),
    ...optional('tls', tls && showTls(tls)),
    protocols,
    limits: showListenLimits(limits),
    timeouts: showListenTimeouts(timeouts)
  }
}

function showTls({ certificates, clientCa, client }: TlsSettings): Shown {
  return {
    ...(certificates.length === 1 ? certificates[0] : { certificates }),
    ...(clientCa === undefined ? {} : { 'client-ca': clientCa, client })
  }
}
