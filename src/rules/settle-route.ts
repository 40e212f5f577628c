// Fills in what rules leave out of a route, and shows it to people again. A route goes before its upstream, an upstream
// before the top of the file.
import type { Match } from '../route/match.ts'
import {
  type Restore,
  type RouteSettings,
  type Settings,
  templateOf,
  type UpstreamSettings
} from './settings.ts'
import { baggageOfTop, settleBaggage, showBaggage } from './settle-baggage.ts'
import { settleRouteCapture, showCapture } from './settle-capture.ts'
import { settleCors, showCors } from './settle-cors.ts'
import { settleFront } from './settle-front.ts'
import { showSize } from './settle-limits.ts'
import { settleMatch } from './settle-match.ts'
import { settleSampling, settleSlowerThan } from './settle-sampling.ts'
import { settleTimeouts, showTimeouts } from './settle-timeouts.ts'
import { settleTracestate } from './settle-tracestate.ts'
import type { Decoded, DecodedRoute } from './shape.ts'
import { showMatch, showRouteSampling } from './show-sampling.ts'
import { optional, type Shown, without } from './shown.ts'
import { formatDuration } from './values.ts'

/** What holds for every route that says nothing else. */
export type Top = Pick<
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

export function settleRoute(
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
      rpc: route.rpc ?? 'hop',
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

function takesAny(match: Match): boolean {
  return templateOf(match).endsWith('/**')
}

function settleRestore(given: DecodedRoute['restore']): Restore {
  return given === true ? 'both' : given === false || given === undefined ? 'no' : given
}

export function showRoute(route: RouteSettings, top: Pick<Settings, 'sampling' | 'capture'>): Shown {
  return {
    name: route.name,
    match: showMatch(route.match),
    upstream: route.upstream.name,
    converge: route.converge,
    paths: route.paths,
    accept: route.accept,
    emit: route.emit,
    respond: route.respond,
    tracestate: route.tracestate,
    baggage: showBaggage(route.baggage),
    spans: route.spans,
    conflict: route.conflict,
    rpc: route.rpc,
    ...optional('restore', route.restore === 'no' ? undefined : route.restore === 'both' || route.restore),
    sampling: showRouteSampling(route, top.sampling),
    // Said also where it is off, if else it would be that of the top.
    ...optional('capture', route.capture ? showCapture(route.capture) : top.capture && false),
    ...optional('cors', showCors(route.cors)),
    retries: route.retries,
    ...optional('upgrade', route.upgrade.length === 0 ? undefined : route.upgrade),
    ...(route.maxBody === undefined ? {} : { limits: { body: showSize(route.maxBody) } }),
    timeouts: {
      ...without(showTimeouts(route.timeouts), 'connect'),
      ...optional('request', showTime(route.timeouts.request))
    }
  }
}

function showTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms)
}
