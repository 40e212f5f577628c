// What routes do that their author may not expect, said once for all that share it.
import { dialects } from '../dialects/find.ts'
import { baggageLossesOf } from './baggage-losses.ts'
import { lossesOf } from './losses.ts'
import type { Rules } from './rules.ts'
import type { RouteSettings, Settings } from './settings.ts'
import { settleTracestate } from './settle-tracestate.ts'

export function routeWarnings(rules: Rules, settings: Settings): readonly string[] {
  const said = new Map<string, string[]>()
  const say = (sentence: string, route: string) => {
    const routes = said.get(sentence) ?? []
    said.set(sentence, routes)
    routes.push(route)
  }
  for (const { name, policy } of rules.routes) {
    for (const loss of [...lossesOf(policy), ...baggageLossesOf(policy.baggage)]) say(loss, name)
  }
  for (const route of settings.routes) {
    for (const sentence of routeSentences(route)) say(sentence, route.name)
  }
  return [...said].map(([sentence, names]) => `${routesText(names)}: ${sentence}`)
}

function routeSentences(route: RouteSettings): readonly string[] {
  const unread = route.emit.filter(name => !route.accept.includes(name))
  return [
    ...(route.accept.length === 0 ? ['accept is empty: no trace is ever continued'] : []),
    ...(route.emit.length === 0 ? ['emit is empty: the upstream gets no trace at all'] : []),
    ...(unread.length > 0 && route.accept.length > 0
      ? [
          `${unread.join(', ')} is emitted but not accepted: callers that speak it are not continued, their headers are replaced`
        ]
      : []),
    ...restoreSentences(route),
    ...(route.upstream.external && route.baggage.emit.length > 0
      ? [
          `upstream ${route.upstream.name} is external, and is handed baggage as ${route.baggage.emit.join(', ')}: others read what it says`
        ]
      : []),
    ...tracestateSentences(route),
    ...(route.cors?.mode === 'amend'
      ? [
          'cors mode amend leaves preflights to the upstream: an upstream that refuses OPTIONS keeps browsers out'
        ]
      : []),
    ...(route.cors?.origins.includes('*')
      ? ['cors lets every page on the web read answers (origins: *)']
      : []),
    ...(route.respond.length > 0 && route.cors === undefined && route.respond.includes('traceresponse')
      ? ['traceresponse is answered, but without cors no page of another origin can read it']
      : [])
  ]
}

function tracestateSentences({ upstream, tracestate, emit }: RouteSettings): readonly string[] {
  if (!upstream.external || !emit.some(tellsTracestate)) return []
  const meant = settleTracestate(undefined, true, emit)
  const more = tracestate === 'all' ? [] : tracestate.filter(key => !meant.includes(key))
  if (tracestate !== 'all' && more.length === 0) return []
  const handed = tracestate === 'all' ? 'all of tracestate' : `${more.join(', ')} of tracestate`
  return [`upstream ${upstream.name} is external, and is handed ${handed}: others read what it says`]
}

function restoreSentences({ restore, accept, emit, spans }: RouteSettings): readonly string[] {
  const stores = restore === 'store' || restore === 'both'
  const takes = restore === 'take' || restore === 'both'
  return [
    ...(stores && !emit.some(tellsTracestate)
      ? ['restore stores nothing: it needs tracestate, and emit does not name w3c']
      : []),
    ...(takes && !accept.some(tellsTracestate)
      ? ['restore takes nothing: it needs tracestate, and accept does not name w3c']
      : []),
    ...(stores && spans === 'none'
      ? [
          'restore stores nothing for callers that speak w3c: with spans: none their traceparent passes as it is, and tracestate must then pass as it is too'
        ]
      : [])
  ]
}

function tellsTracestate(name: string): boolean {
  return dialects.get(name)?.carries.tracestate === true
}

/** Names a few routes, and how many more there are. */
export function routesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  if (names.length === 1) return `route ${shown}`
  return names.length > 3 ? `routes ${shown} and ${names.length - 3} more` : `routes ${shown}`
}
