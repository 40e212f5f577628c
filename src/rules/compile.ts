// Settled rules to live ones: dialects, samplers, tables in place of names. Runs when rules load, never per request.
import type { BaggagePolicy } from '../baggage/bridge.ts'
import { baggageDialects } from '../baggage/find.ts'
import type { Dialect } from '../dialects/dialect.ts'
import { dialects } from '../dialects/find.ts'
import { membersOf } from '../mediate/members.ts'
import type { Policy, SamplingPlan } from '../mediate/policy.ts'
import { createFirst } from '../route/first.ts'
import type { Target } from '../route/match.ts'
import { createTable } from '../route/table.ts'
import { ratio } from '../samplers/ratio.ts'
import type { Adapters } from './adapters.ts'
import { createTrust } from './callers.ts'
import { createCeiling } from './ceiling.ts'
import { createOrigins } from './origins.ts'
import type { Cors, Route, Rules, Upstream, UpstreamTarget } from './rules.ts'
import {
  type BaggageSettings,
  type CorsSettings,
  type RouteSettings,
  type SamplingSettings,
  type Settings,
  type TargetSettings,
  templateOf,
  type UpstreamSettings
} from './settings.ts'

/**
 * Makes the rules in force. `effective` is what people are shown of them, `now` the clock of the ceiling, `adapters` the
 * dialects that the rules bring along.
 */
export function compile(
  settings: Settings,
  effective: Rules['effective'],
  now: () => number,
  adapters: Adapters = none
): Rules {
  const planOf = planner(createCeiling(settings.samplingLimit, now))
  const shared = { secrets: settings.trust.flatMap(({ secret }) => secret?.header ?? []), adapters }
  const upstreams = new Map([...settings.upstreams].map(([name, each]) => [name, upstreamOf(each)]))
  const first = createFirst(settings.samplingRules.map(rule => ({ match: rule.match, value: planOf(rule) })))
  const routes = settings.routes.flatMap(route => {
    const upstream = upstreams.get(route.upstream.name)
    return upstream === undefined ? [] : [routeOf(route, upstream, shared, planOf(route.sampling), first)]
  })
  const top = planOf(settings.sampling)
  return Object.freeze({
    service: settings.service,
    listen: settings.listen,
    admin: settings.admin,
    trust: createTrust(settings.trust),
    exporters: settings.exporters,
    accessLog: settings.accessLog,
    upstreams,
    routes,
    find: createTable(routes.map(route => ({ match: route.match, value: route }))),
    unrouted: {
      policy: policyOf({ ...settings, restore: 'no', rpc: 'hop', randomFlag: 'keep' }, false, shared),
      sampling: target => first(target) ?? top
    },
    effective
  })
}

/** What all routes have to do with. */
type Shared = { readonly secrets: readonly string[]; readonly adapters: Adapters }

const none: Adapters = new Map()

function routeOf(
  route: RouteSettings,
  upstream: Upstream,
  shared: Shared,
  plan: SamplingPlan,
  first: (target: Target) => SamplingPlan | undefined
): Route {
  const policy = policyOf(
    { ...route, randomFlag: route.upstream.randomFlag },
    route.upstream.external,
    shared
  )
  const compiled: Route = {
    name: route.name,
    template: templateOf(route.match),
    match: route.match,
    upstream,
    policy,
    sampling: target => first(target) ?? plan,
    rate: plan.sampler.rate,
    cors: route.cors === undefined ? undefined : corsOf(route.cors, route, policy),
    respond: route.respond,
    timeouts: route.timeouts
  }
  return Object.freeze(compiled)
}

function policyOf(
  route: Pick<RouteSettings, 'accept' | 'emit' | 'conflict' | 'spans' | 'rpc' | 'restore' | 'baggage'> &
    Pick<UpstreamSettings, 'randomFlag'>,
  external: boolean,
  { secrets, adapters }: Shared
): Policy {
  const accept = dialectsOf(route.accept, adapters)
  const emit = dialectsOf(route.emit, adapters)
  const baggage = baggageOf(route.baggage)
  // For somebody else's upstream nobody's baggage passes as it came.
  const carriers = external ? [...baggageDialects.values()] : [...baggage.accept, ...baggage.emit]
  const fields = [...accept, ...emit, ...carriers].flatMap(dialect => dialect.fields)
  return Object.freeze({
    accept,
    emit,
    conflict: route.conflict,
    strip: new Set([...fields.map(field => field.toLowerCase()), 'baggage', ...secrets]),
    stripPrefixes: [...new Set(carriers.flatMap(dialect => dialect.prefixes))],
    spans: route.spans,
    stores: route.restore === 'both' || route.restore === 'store',
    takes: route.restore === 'both' || route.restore === 'take',
    rpc: route.rpc,
    randomFlag: route.randomFlag,
    segments: emit.some(dialect => dialect.segments),
    members: membersOf(accept, emit),
    baggage
  })
}

function dialectsOf(names: readonly string[], adapters: Adapters): readonly Dialect[] {
  return names.flatMap(name => dialects.get(name) ?? adapters.get(name) ?? [])
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

/** Makes plans that share one ceiling. */
function planner(force: () => boolean): (settings: SamplingSettings) => SamplingPlan {
  return ({ rate, parent }) => Object.freeze({ parent, sampler: ratio(rate), force })
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

function upstreamOf({ name, targets, echo, timeouts }: UpstreamSettings): Upstream {
  return Object.freeze({ name, targets: targets.map(targetOf), echo, timeouts })
}

function targetOf({ url, weight, tags }: TargetSettings): UpstreamTarget {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  // Sockets take an IPv6 address without its brackets.
  return { origin: url.origin, host: url.hostname.replace(/^\[|\]$/g, ''), port, weight, tags }
}
