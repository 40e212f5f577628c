// Settled rules to live ones: dialects, samplers, tables in place of names. Runs when rules load, never per request.
import type { BaggagePolicy } from '../baggage/bridge.ts'
import { baggageDialects } from '../baggage/find.ts'
import { accepted, dialects, isWritten } from '../dialects/find.ts'
import { membersOf } from '../mediate/members.ts'
import type { Policy, Strip } from '../mediate/policy.ts'
import { createNames } from '../route/converge.ts'
import { createTable } from '../route/table.ts'
import { createTokens } from '../samplers/tokens.ts'
import type { Adapters } from './adapters.ts'
import { createTrust } from './callers.ts'
import { createOrigins } from './origins.ts'
import { createPlanner } from './plans.ts'
import type {
  Cors,
  Route,
  RouteSampling,
  Rules,
  TagNames,
  Tags,
  Upstream,
  UpstreamTarget,
  UpstreamTls
} from './rules.ts'
import {
  type BaggageSettings,
  type CorsSettings,
  type RouteSettings,
  type Settings,
  type TargetSettings,
  templateOf,
  type UpstreamSettings
} from './settings.ts'
import { captureRuleOf } from './settle-capture.ts'
import { compileFront } from './settle-front.ts'
import { sidesOf, splitOf } from './sides.ts'
import type { TlsFiles } from './tls-files.ts'
import type { UpstreamTlsFiles } from './upstream-tls.ts'

/**
 * Makes the rules in force. `effective` is what people are shown of them, `now` the clock of the ceiling, `adapters` the
 * dialects that the rules bring along, `tls` what listeners speak, in their order, `upstreamTls` what upstreams are spoken to with.
 */
export function compile(
  settings: Settings,
  effective: Rules['effective'],
  now: () => number,
  adapters: Adapters = none,
  tls: TlsFiles['tls'] = [],
  upstreamTls: UpstreamTlsFiles['tls'] = new Map()
): Rules {
  const samplingOf = createPlanner(settings, now)
  const secrets = settings.trust.flatMap(({ secret }) => secret?.header ?? [])
  const known = [...accepted.values(), ...adapters.values(), ...baggageDialects.values()]
  const written = [...dialects.values(), ...adapters.values(), ...baggageDialects.values()]
  const shared = {
    adapters,
    secrets,
    strangers: stripOf(known, secrets),
    outsiders: stripOf(written, secrets),
    trust: settings.trust,
    segments: settings.exporters.some(({ kind }) => kind === 'skywalking')
  }
  const upstreams = new Map(
    [...settings.upstreams].map(([name, each]) => [
      name,
      upstreamOf(each, upstreamTls.get(name), settings.tags)
    ])
  )
  const routes = settings.routes.flatMap(route => {
    const upstream = upstreams.get(route.upstream.name)
    if (upstream === undefined) return []
    const targets = upstream.echo ? [untagged] : upstream.targets.map(({ tags }) => tags)
    return [routeOf(route, upstream, shared, samplingOf(route.name, route.sampling, targets))]
  })
  const find = createTable(routes.map(route => ({ match: route.match, value: route })))
  const keep = settings.samplingKeep
  return Object.freeze({
    service: settings.service,
    listen: settings.listen.map((each, index) => ({ ...each, tls: tls[index] })),
    workers: settings.workers,
    limits: settings.limits,
    drain: settings.drain,
    overload: settings.overload,
    admin: settings.admin,
    trust: createTrust(settings.trust),
    exporters: settings.exporters,
    accessLog: settings.accessLog,
    tags: settings.tags,
    upstreams,
    routes,
    find,
    front: compileFront(settings.front, settings.service.name, routes, find),
    unrouted: {
      policy: policyOf(
        { ...settings, restore: 'no', rpc: 'hop', randomFlag: 'keep', tracestate: 'all' },
        false,
        shared
      ),
      sampling: samplingOf('', settings.sampling, [untagged]).sampling
    },
    keep: {
      errors: createTokens(keep === undefined ? nothing : keep.errors, now).take,
      slow: createTokens(keep === undefined ? nothing : keep.slow, now).take
    },
    captures: { keep: settings.captureKeep, take: createTokens(captureBudget, now).take },
    forceHeader: settings.samplingForce?.header,
    effective
  })
}

/** What all routes have to do with. */
type Shared = {
  readonly secrets: readonly string[]
  readonly adapters: Adapters
  readonly trust: Settings['trust']
  /** Somebody is told of segments: each request has one, whatever its route emits. */
  readonly segments: boolean
  /** What callers that are not believed send goes nowhere. */
  readonly strangers: Strip
  /** Somebody else's upstream gets a trace in the dialects of `emit` alone. */
  readonly outsiders: Strip
}

const none: Adapters = new Map()
const untagged: Tags = new Map()
const nothing = { count: 0, perMs: 1000 } as const
/** Where everything fails at once, a few tell of it; each costs redacting two bodies. */
const captureBudget = { count: 10, perMs: 1000 } as const

function routeOf(route: RouteSettings, upstream: Upstream, shared: Shared, sampling: RouteSampling): Route {
  const policy = policyOf(
    { ...route, randomFlag: route.upstream.randomFlag },
    route.upstream.external,
    shared,
    upstream.split.carry?.header
  )
  const compiled: Route = {
    name: route.name,
    template: templateOf(route.match),
    names: route.converge ? createNames(templateOf(route.match)) : undefined,
    match: route.match,
    paths: route.paths,
    upstream,
    policy,
    ...sampling,
    slowerThanMs: route.slowerThanMs,
    capture: captureRuleOf(route.capture, shared.trust),
    cors: route.cors === undefined ? undefined : corsOf(route.cors, route, policy),
    respond: route.respond,
    upgrade: route.upgrade,
    timeouts: route.timeouts,
    retries: route.retries,
    maxBody: route.maxBody
  }
  return Object.freeze(compiled)
}

function policyOf(
  route: Pick<
    RouteSettings,
    'accept' | 'emit' | 'conflict' | 'spans' | 'rpc' | 'restore' | 'tracestate' | 'baggage'
  > &
    Pick<UpstreamSettings, 'randomFlag'>,
  external: boolean,
  { secrets, adapters, strangers, outsiders, segments }: Shared,
  /** A field that the gateway writes itself. */
  ours?: string
): Policy {
  const accept = route.accept.flatMap(name => accepted.get(name) ?? adapters.get(name) ?? [])
  const emit = route.emit.flatMap(name => dialects.get(name) ?? adapters.get(name) ?? [])
  const baggage = baggageOf(route.baggage)
  const carriers = [...accept.filter(isWritten), ...emit, ...baggage.accept, ...baggage.emit]
  const believed = external ? outsiders : stripOf(carriers, secrets)
  return Object.freeze({
    accept,
    emit,
    conflict: route.conflict,
    strip: {
      continue: stripping(believed, ours),
      restart: stripping(strangers, ours),
      ignore: stripping(strangers, ours)
    },
    spans: route.spans,
    stores: route.restore === 'both' || route.restore === 'store',
    takes: route.restore === 'both' || route.restore === 'take',
    rpc: route.rpc,
    randomFlag: route.randomFlag,
    segments: segments || emit.some(dialect => dialect.segments),
    members: membersOf(accept, emit),
    tracestate: route.tracestate === 'all' ? route.tracestate : new Set(route.tracestate),
    baggage
  })
}

function stripping(strip: Strip, ours: string | undefined): Strip {
  return ours === undefined ? strip : Object.freeze({ ...strip, fields: new Set([...strip.fields, ours]) })
}

/** What carries a trace or baggage: the fields with a fixed name, and of some the beginnings of others. */
type Carrier = { readonly fields: readonly string[]; readonly prefixes?: readonly string[] }

function stripOf(carriers: readonly Carrier[], secrets: readonly string[]): Strip {
  const fields = carriers.flatMap(carrier => carrier.fields.map(field => field.toLowerCase()))
  return Object.freeze({
    fields: new Set([...fields, 'baggage', ...secrets]),
    prefixes: [...new Set(carriers.flatMap(({ prefixes }) => prefixes ?? []))]
  })
}

function baggageOf({ accept, emit, allow, maxBytes }: BaggageSettings): BaggagePolicy {
  const named = (names: readonly string[]) => names.flatMap(name => baggageDialects.get(name) ?? [])
  return {
    accept: named(accept),
    emit: named(emit),
    allow: allow === 'all' ? allow : new Set(allow),
    maxBytes
  }
}

function corsOf(cors: CorsSettings, route: RouteSettings, policy: Policy): Cors {
  const expose = route.respond.includes('traceresponse') ? [...cors.expose, 'traceresponse'] : cors.expose
  return Object.freeze({
    allows: createOrigins(cors.origins),
    credentials: cors.credentials,
    mode: cors.mode,
    dialectFields: [...new Set([...policy.accept.flatMap(dialect => dialect.fields), 'baggage'])],
    headers: cors.headers === 'any' ? cors.headers : new Set(cors.headers),
    methods: cors.methods,
    expose: [...new Set(expose)],
    maxAgeSeconds: Math.floor(cors.maxAgeMs / 1000)
  })
}

function upstreamOf(settings: UpstreamSettings, tls: UpstreamTls | undefined, names: TagNames): Upstream {
  const { name, targets, echo, protocol, timeouts, limits, ejection, health, resend } = settings
  const own = { name, echo, protocol, timeouts, limits, ejection, health, resend }
  const sides = sidesOf(targets, names)
  const split = splitOf(settings, sides)
  return Object.freeze({
    ...own,
    targets: targets.map((each, index) => targetOf(each, sides[index] ?? '', names)),
    tls,
    split
  })
}

function targetOf({ url, weight, tags }: TargetSettings, side: string, names: TagNames): UpstreamTarget {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  // Sockets take an IPv6 address without its brackets.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const serviceTag = tags.get(names.service) ?? ''
  const version = tags.get(names.version) ?? ''
  return { origin: url.origin, host, port, weight, tags, serviceTag, version, side }
}
