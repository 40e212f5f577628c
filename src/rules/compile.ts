// Settled rules to live ones: dialects, samplers, tables in place of names. Runs when rules load, never per request.
import type { Policy } from '../mediate/policy.ts'
import { createNames } from '../route/converge.ts'
import { createTable } from '../route/table.ts'
import { createTokens } from '../samplers/tokens.ts'
import type { Adapters } from './adapters.ts'
import { createTrust } from './callers.ts'
import { policyOf, type Shared, sharedOf } from './compile-policy.ts'
import { upstreamOf } from './compile-upstream.ts'
import { createOrigins } from './origins.ts'
import { createPlanner } from './plans.ts'
import type { Cors, Route, RouteSampling, Rules, Tags } from './rules.ts'
import { type CorsSettings, type RouteSettings, type Settings, templateOf } from './settings.ts'
import { captureRuleOf } from './settle-capture.ts'
import { compileFront } from './settle-front.ts'
import type { TlsFiles } from './tls-files.ts'
import type { Upstream } from './upstream.ts'
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
  const shared = sharedOf(settings, adapters)
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
    const sampling = samplingOf(route.name, route.sampling, targets)
    return [routeOf(route, upstream, shared, settings.trust, sampling)]
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

const none: Adapters = new Map()
const untagged: Tags = new Map()
const nothing = { count: 0, perMs: 1000 } as const
/** Where everything fails at once, a few tell of it; each costs redacting two bodies. */
const captureBudget = { count: 10, perMs: 1000 } as const

function routeOf(
  route: RouteSettings,
  upstream: Upstream,
  shared: Shared,
  trust: Settings['trust'],
  sampling: RouteSampling
): Route {
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
    capture: captureRuleOf(route.capture, trust),
    cors: route.cors === undefined ? undefined : corsOf(route.cors, route, policy),
    respond: route.respond,
    upgrade: route.upgrade,
    timeouts: route.timeouts,
    retries: route.retries,
    maxBody: route.maxBody
  }
  return Object.freeze(compiled)
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
