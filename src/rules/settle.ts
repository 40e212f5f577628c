// Fills in what rules leave out. The only place that knows defaults, and which key goes before which:
// route before upstream, upstream before the top of the file.
import { hostname } from 'node:os'
import { acceptedByRank } from '../dialects/find.ts'
import type { Match } from '../route/match.ts'
import { type Address, parseAddress } from './address.ts'
import type { Env } from './references.ts'
import type { Timeouts } from './rules.ts'
import {
  type CorsSettings,
  type Restore,
  type RouteSettings,
  type Settings,
  templateOf,
  type UpstreamSettings
} from './settings.ts'
import { baggageOfTop, carriersByDefault, settleBaggage } from './settle-baggage.ts'
import { settleCapture, settleCaptureKeep, settleRouteCapture } from './settle-capture.ts'
import { settleExporters } from './settle-export.ts'
import { settleFront } from './settle-front.ts'
import { settleDrain, settleLimits, settleOverload } from './settle-limits.ts'
import { settleListen } from './settle-listen.ts'
import { settleMatch } from './settle-match.ts'
import {
  settleBoost,
  settleForce,
  settleKeep,
  settleSampling,
  settleSamplingRules,
  settleSlowerThan
} from './settle-sampling.ts'
import { carriedHeaders, settleSplit, settleTagNames, settleTargetMatches } from './settle-split.ts'
import { settleTracestate } from './settle-tracestate.ts'
import { settleTrust } from './settle-trust.ts'
import { settleConnecting } from './settle-upstream.ts'
import type { Decoded, DecodedCors, DecodedRoute } from './shape.ts'

const defaults = {
  admin: '127.0.0.1:9901',
  // W3C first: where dialects disagree, it is the one that most likely is not left over.
  accept: acceptedByRank.map(dialect => dialect.name),
  emit: ['w3c'],
  conflict: 'first',
  rpc: 'hop',
  randomFlag: 'keep',
  respond: [],
  timeouts: { connect: 5_000, firstByte: 60_000, idle: 300_000, upgradeIdle: 3_600_000 },
  corsMaxAge: 600_000
} as const satisfies Record<string, unknown>

/** Fills in what a rule file leaves out. */
export function settle(decoded: Decoded, env: Env): Settings {
  const exporters = settleExporters(decoded.export ?? [])
  const brought = Object.entries(decoded.dialects ?? {})
  const accept = decoded.accept ?? [...defaults.accept, ...brought.map(([name]) => name)]
  const emit = decoded.emit ?? defaults.emit
  const carriers = decoded.accept ?? carriersByDefault(accept)
  const top = {
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
    dialects: new Map(
      brought.map(([name, { package: from, export: exported, options }]) => [
        name,
        { package: from, export: exported, options }
      ])
    ),
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

type Top = Pick<
  Settings,
  | 'accept'
  | 'emit'
  | 'conflict'
  | 'respond'
  | 'baggage'
  | 'spans'
  | 'sampling'
  | 'samplingKeep'
  | 'capture'
  | 'cors'
> & {
  /** Whose baggage is read where nothing says so. */
  readonly carriers: readonly string[]
}

function settleRoute(
  route: DecodedRoute,
  top: Top,
  upstreams: ReadonlyMap<string, UpstreamSettings>,
  decoded: Decoded
): RouteSettings[] {
  const upstream = upstreams.get(route.upstream)
  // Complained of before this runs.
  if (upstream === undefined) return []
  const match = settleMatch(route.match)
  const accept = route.accept ?? top.accept
  const emit = route.emit ?? upstream.emit
  const said = decoded.upstreams[upstream.name]
  const above = [said?.baggage, baggageOfTop(decoded.baggage, upstream.external)]
  return [
    {
      name: route.name ?? templateOf(match),
      match,
      converge: route.converge ?? (route.name === undefined && takesAny(match)),
      paths: route.paths ?? settleFront(decoded).paths,
      upstream,
      accept,
      emit,
      respond: route.respond ?? top.respond,
      tracestate: settleTracestate(route.tracestate ?? said?.tracestate, upstream.external, emit),
      baggage: settleBaggage([route.baggage, ...above], route.accept ?? top.carriers, emit),
      spans: route.spans ?? top.spans,
      conflict: route.conflict ?? top.conflict,
      rpc: route.rpc ?? defaults.rpc,
      restore: settleRestore(route.restore),
      sampling: settleSampling(route.sampling, top.sampling),
      slowerThanMs: settleSlowerThan(route.sampling?.keep, top.samplingKeep),
      capture: settleRouteCapture(route.capture, top.capture),
      cors: route.cors === undefined ? top.cors : settleCors(route.cors),
      upgrade: route.upgrade ?? [],
      retries: route.retries ?? upstream.retries,
      timeouts: { ...settleTimeouts(route.timeouts, upstream.timeouts), request: route.timeouts?.request },
      maxBody: route.limits?.body ?? decoded.limits?.body
    }
  ]
}

function settleUpstreams(decoded: Decoded, top: Top): ReadonlyMap<string, UpstreamSettings> {
  const carried = carriedHeaders(decoded.upstreams)
  return new Map(
    Object.entries(decoded.upstreams).map(([name, upstream]) => [
      name,
      {
        name,
        targets: (upstream.targets ?? []).map(({ url, weight, tags, match }) => ({
          url,
          weight: weight ?? 1,
          tags: new Map(Object.entries(tags ?? {})),
          matches: settleTargetMatches(match, carried)
        })),
        ...settleSplit(upstream),
        echo: upstream.echo === true,
        external: upstream.external === true,
        randomFlag: upstream['random-flag'] ?? defaults.randomFlag,
        emit: upstream.emit ?? top.emit,
        tracestate: settleTracestate(
          upstream.tracestate,
          upstream.external === true,
          upstream.emit ?? top.emit
        ),
        baggage: settleBaggage(
          [upstream.baggage, baggageOfTop(decoded.baggage, upstream.external === true)],
          top.carriers,
          upstream.emit ?? top.emit
        ),
        timeouts: settleTimeouts(upstream.timeouts, defaults.timeouts),
        ...settleConnecting(upstream)
      }
    ])
  )
}

function takesAny(match: Match): boolean {
  return templateOf(match).endsWith('/**')
}

function settleRestore(given: DecodedRoute['restore']): Restore {
  return given === true ? 'both' : given === false || given === undefined ? 'no' : given
}

type DecodedTimeouts = { connect?: number | undefined } & NonNullable<DecodedRoute['timeouts']>

function settleTimeouts(given: DecodedTimeouts | undefined, otherwise: Timeouts): Timeouts {
  return {
    connect: given?.connect ?? otherwise.connect,
    firstByte: given?.['first-byte'] ?? otherwise.firstByte,
    idle: given?.idle ?? otherwise.idle,
    upgradeIdle: given?.['upgrade-idle'] ?? otherwise.upgradeIdle
  }
}

function settleCors(cors: DecodedCors | undefined): CorsSettings | undefined {
  if (cors === undefined) return undefined
  return {
    origins: cors.origins,
    credentials: cors.credentials ?? false,
    mode: cors.mode ?? 'answer',
    headers: cors.headers ?? 'any',
    methods: cors.methods ?? 'any',
    expose: cors.expose ?? [],
    maxAgeMs: cors['max-age'] ?? defaults.corsMaxAge
  }
}

function addressOf(text: string): Address {
  return parseAddress(text) ?? { host: '127.0.0.1', port: 0 }
}
