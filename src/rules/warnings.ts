// What valid rules do that their author may not expect, in words for newcomers. Warnings stop nothing.
import { dialects } from '../dialects/find.ts'
import { baggageLossesOf } from './baggage-losses.ts'
import { captureWarnings } from './capture-warnings.ts'
import { lossesOf, ownLosses } from './losses.ts'
import type { Rules } from './rules.ts'
import type { RouteSettings, Settings } from './settings.ts'
import { settleTracestate } from './settle-tracestate.ts'
import { splitWarnings } from './split-warnings.ts'
import { tlsWarnings } from './tls-warnings.ts'

/** What `check` warns of: one sentence each, what many routes share said once. */
export function warningsOf({ rules, settings }: { rules: Rules; settings: Settings }): readonly string[] {
  return [
    ...adapterWarnings(rules, settings),
    ...routeWarnings(rules, settings),
    ...spanWarnings(settings),
    ...trustWarnings(settings),
    ...tlsWarnings(rules, settings),
    ...samplingWarnings(settings),
    ...captureWarnings(settings),
    ...upstreamWarnings(settings),
    ...splitWarnings(settings),
    ...exporterWarnings(settings),
    ...segmentWarnings(rules, settings)
  ]
}

/** Nobody wrote down what a package's wire loses: it was measured when the rules were loaded. */
function adapterWarnings({ routes }: Rules, { dialects }: Settings): readonly string[] {
  const used = routes.flatMap(({ policy }) => [...policy.accept, ...policy.emit])
  return [...dialects].map(([name, { package: from }]) => {
    const dialect = used.find(each => each.name === name)
    return dialect === undefined
      ? `dialect ${name}: no route accepts or emits it`
      : `dialect ${name} (${from}), as tried out, loses ${ownLosses(dialect.carries).join(', ')}`
  })
}

function routeWarnings(rules: Rules, settings: Settings): readonly string[] {
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
function routesText(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  if (names.length === 1) return `route ${shown}`
  return names.length > 3 ? `routes ${shown} and ${names.length - 3} more` : `routes ${shown}`
}

function spanWarnings(settings: Settings): readonly string[] {
  if (settings.exporters.length > 0) {
    const silent = settings.routes.every(route => route.spans === 'none')
    return silent ? ['export has somewhere to send spans, but with spans: none no route reports any'] : []
  }
  const reporting = settings.routes.filter(route => route.spans === 'report').map(route => route.name)
  if (reporting.length === 0) return []
  return [
    `${routesText(reporting)}: spans: report, but export is empty: upstreams hang on a parent span that nobody will find`
  ]
}

function trustWarnings({ trust }: Settings): readonly string[] {
  const any = trust.findIndex(
    ({ from, identities, origins, secret }) =>
      from.kind === 'any' && [identities, origins, secret].every(each => each === undefined)
  )
  const after = any === -1 ? 0 : trust.length - any - 1
  const claims = trust.flatMap(({ from, identities, origins, secret, context }, index) => {
    const proven = from.kind !== 'any' || secret !== undefined || identities !== undefined
    return context === 'continue' && origins !== undefined && !proven ? [index] : []
  })
  return [
    ...(after === 0 ? [] : [`trust: ${after} after "from: any" can never match; the first match wins`]),
    ...claims.map(
      index =>
        `trust[${index}]: origin alone is no proof, for any program can send it: who does has its trace continued`
    )
  ]
}

function samplingWarnings({ sampling, samplingRules, routes, upstreams }: Settings): readonly string[] {
  const ignoring = [
    ...(sampling.parent === 'ignore' ? ['sampling'] : []),
    ...samplingRules.flatMap(({ parent }, index) =>
      parent === 'ignore' ? [`sampling.rules[${index}]`] : []
    ),
    ...routes.flatMap(({ sampling: { parent }, name }) => (parent === 'ignore' ? [`route ${name}`] : []))
  ]
  const open = samplingRules.findIndex(
    ({ match: { host, path, methods, headers }, where }) =>
      [host, methods, headers, where.routes, where.tags].every(part => part === undefined) &&
      (path ?? '/**') === '/**'
  )
  const after = open === -1 ? 0 : samplingRules.length - open - 1
  const targets = [...upstreams.values()].flatMap(upstream => upstream.targets)
  const missing = samplingRules.flatMap(({ where: { tags } }, index) => {
    const wanted = [...(tags ?? [])]
    const served = targets.some(target => wanted.every(([tag, text]) => target.tags.get(tag) === text))
    return tags === undefined || served ? [] : [index]
  })
  return [
    ...missing.map(index => `sampling.rules[${index}]: no target has the tags that it asks for`),
    ...(ignoring.length > 0
      ? [
          `${ignoring.slice(0, 3).join(', ')}: parent: ignore decides again for every trace: callers may keep a trace of which this part is missing`
        ]
      : []),
    ...(after > 0
      ? [
          `sampling.rules: ${after} after rule ${open + 1} can never match, for it takes every request; the first match wins`
        ]
      : [])
  ]
}

function upstreamWarnings({ upstreams, routes }: Settings): readonly string[] {
  const used = new Set(routes.map(route => route.upstream.name))
  const unused = [...upstreams.keys()].filter(name => !used.has(name))
  return [
    ...(routes.length === 0 ? ['routes is empty: every request is answered with 404'] : []),
    ...unused.map(name => `upstream ${name}: no route uses it`),
    ...[...upstreams.values()].flatMap(({ name, tls }) =>
      tls?.verify === false
        ? [
            `upstream ${name}: with verify: false any certificate will do: whoever is in between can read and change everything`
          ]
        : []
    )
  ]
}

function exporterWarnings({ exporters }: Settings): readonly string[] {
  return exporters.flatMap(exporter => {
    if (exporter.kind === 'console') return []
    const { pathname } = new URL(exporter.url)
    const path = usualPaths.get(exporter.kind)
    return [
      ...(path !== undefined && pathname === '/'
        ? [
            `exporter ${exporter.name}: the URL has no path and is used as it is; back ends take such spans at ${path}`
          ]
        : []),
      ...(exporter.kind === 'skywalking' && pathname.includes('/v3/')
        ? [
            `exporter ${exporter.name}: the URL is where the OAP is; /v3/segments and what else there is is put behind it`
          ]
        : [])
    ]
  })
}

/** Of exporters whose URL is the whole of it. */
const usualPaths: ReadonlyMap<string, string> = new Map([
  ['otlp', '/v1/traces'],
  ['otlp-json', '/v1/traces'],
  ['zipkin', '/api/v2/spans']
])

/**
 * A reference to a segment that nobody reported makes another root in SkyWalking's back end; a request of which it gets
 * no segment passes its map by.
 * https://skywalking.apache.org/docs/main/latest/en/api/x-process-propagation-headers-v3/
 */
function segmentWarnings({ routes }: Rules, { exporters }: Settings): readonly string[] {
  const reporting = routes.filter(({ policy }) => policy.spans === 'report')
  if (exporters.some(({ kind }) => kind === 'skywalking')) {
    const silent = routes.filter(route => !reporting.includes(route)).map(({ name }) => name)
    if (silent.length === 0 || reporting.length === 0) return []
    return [
      `${routesText(silent)}: spans: none: the skywalking exporter gets no segments of them, and SkyWalking shows callers and services as if there was no gateway`
    ]
  }
  const naming = reporting.filter(({ policy }) => policy.segments).map(({ name }) => name)
  if (naming.length === 0) return []
  return [
    `${routesText(naming)}: sw8 names a segment of this gateway, which no skywalking exporter reports: in SkyWalking the services behind it begin trees of their own, under the same trace id. With spans: none the caller's own segment goes on`
  ]
}
