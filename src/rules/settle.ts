// Fills in what rules leave out at the top of the file; each block below it has a file of its own, settle-*.ts. They
// alone know defaults, and which key goes before which.
import { hostname } from 'node:os'
import { acceptedByRank } from '../dialects/find.ts'
import { type Address, parseAddress } from './address.ts'
import type { Env } from './references.ts'
import type { Settings } from './settings.ts'
import { carriersByDefault, settleBaggage } from './settle-baggage.ts'
import { settleCapture, settleCaptureKeep } from './settle-capture.ts'
import { settleCors } from './settle-cors.ts'
import { settleDialects } from './settle-dialects.ts'
import { settleExporters } from './settle-export.ts'
import { settleFront } from './settle-front.ts'
import { settleDrain, settleLimits, settleOverload } from './settle-limits.ts'
import { settleListen } from './settle-listen.ts'
import { settleRoute, type Top } from './settle-route.ts'
import {
  settleBoost,
  settleForce,
  settleKeep,
  settleSampling,
  settleSamplingRules
} from './settle-sampling.ts'
import { settleTagNames } from './settle-split.ts'
import { settleTrust } from './settle-trust.ts'
import { settleUpstreams } from './settle-upstream.ts'
import type { Decoded } from './shape.ts'

const defaults = {
  admin: '127.0.0.1:9901',
  // W3C first: where dialects disagree, it is the one that most likely is not left over.
  accept: acceptedByRank.map(dialect => dialect.name),
  emit: ['w3c'],
  conflict: 'first',
  respond: []
} as const satisfies Record<string, unknown>

/** Fills in what a rule file leaves out. */
export function settle(decoded: Decoded, env: Env): Settings {
  const exporters = settleExporters(decoded.export ?? [])
  const brought = settleDialects(decoded.dialects)
  const accept = decoded.accept ?? [...defaults.accept, ...brought.keys()]
  const emit = decoded.emit ?? defaults.emit
  const carriers = decoded.accept ?? carriersByDefault(accept)
  const top: Top = {
    accept,
    carriers,
    emit,
    conflict: decoded.conflict ?? defaults.conflict,
    respond: decoded.respond ?? defaults.respond,
    baggage: settleBaggage([decoded.baggage], carriers, emit),
    spans: decoded.spans ?? (exporters.length > 0 ? 'report' : 'none'),
    sampling: settleSampling(decoded.sampling),
    samplingKeep: settleKeep(decoded.sampling?.keep),
    capture: settleCapture(decoded.capture),
    cors: settleCors(decoded.cors)
  }
  const upstreams = settleUpstreams(decoded, top)
  const { carriers: _, ...shared } = top
  return {
    ...shared,
    service: {
      name: decoded.service?.name ?? 'tracebridge',
      version: decoded.service?.version ?? '',
      instance: decoded.service?.instance ?? env['HOSTNAME'] ?? hostname()
    },
    front: settleFront(decoded),
    listen: settleListen(decoded.listen),
    workers: decoded.workers ?? 1,
    limits: settleLimits(decoded.limits),
    maxBody: decoded.limits?.body,
    drain: settleDrain(decoded.drain),
    overload: settleOverload(decoded.overload),
    admin: { ...(decoded.admin?.address ?? addressOf(defaults.admin)), token: decoded.admin?.token },
    trust: settleTrust(decoded.trust),
    dialects: brought,
    samplingLimit: decoded.sampling?.limit,
    samplingRules: settleSamplingRules(decoded.sampling?.rules, top.sampling),
    samplingBoost: settleBoost(decoded.sampling?.boost),
    samplingForce: settleForce(decoded.sampling?.force),
    captureKeep: settleCaptureKeep(decoded.capture),
    exporters,
    accessLog: {
      format: 'json',
      to: decoded['access-log']?.to ?? 'stdout',
      rate: decoded['access-log']?.rate ?? 1
    },
    tags: settleTagNames(decoded.tags),
    upstreams,
    routes: decoded.routes.flatMap(route => settleRoute(route, top, upstreams, decoded))
  }
}

function addressOf(text: string): Address {
  return parseAddress(text) ?? { host: '127.0.0.1', port: 0 }
}
