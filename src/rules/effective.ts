// The rules as people may see them: in the notation of a rule file, every default filled in, secrets as references.

import { formatAddress } from './address.ts'
import { child, descend, itemsOf, type Located } from './located.ts'
import { hideSecret, readsFile } from './references.ts'
import type { Rules, Timeouts } from './rules.ts'
import type {
  BaggageSettings,
  CorsSettings,
  RouteSettings,
  Settings,
  TlsSettings,
  TrustSettings,
  UpstreamSettings
} from './settings.ts'
import { showCapture } from './settle-capture.ts'
import { showFront } from './settle-front.ts'
import { showDrain, showLimits, showListenLimits, showListenTimeouts, showOverload } from './settle-limits.ts'
import { showSplit, showTargetMatches } from './settle-split.ts'
import { showConnecting } from './settle-upstream.ts'
import { showMatch, showRouteSampling, showTopSampling } from './show-sampling.ts'
import { formatDuration, formatRange, formatRate, formatSize } from './values.ts'

type Shown = Readonly<Record<string, unknown>>

/** `root` is the tree that `settings` came from; it knows what was written by reference. */
export function effectiveOf(settings: Settings, root: Located): Shown {
  const shown = {
    service: settings.service.version === '' ? without(settings.service, 'version') : settings.service,
    listen: settings.listen.map(each => ({
      address: formatAddress(each),
      ...optional('tls', showTls(each.tls)),
      protocols: each.protocols,
      limits: showListenLimits(each.limits),
      timeouts: showListenTimeouts(each.timeouts)
    })),
    workers: settings.workers,
    limits: showLimits(settings.limits, settings.maxBody),
    drain: showDrain(settings.drain),
    overload: showOverload(settings.overload),
    admin: {
      address: formatAddress(settings.admin),
      ...optional(
        'token',
        settings.admin.token === undefined ? undefined : hideSecret(writtenAt(root, ['admin', 'token']))
      )
    },
    trust: settings.trust.map((entry, index) => showTrust(entry, child(child(root, 'trust'), index))),
    ...showFront(settings.front),
    ...optional('dialects', showAdapters(settings.dialects, child(root, 'dialects'))),
    accept: settings.accept,
    emit: settings.emit,
    conflict: settings.conflict,
    respond: settings.respond,
    baggage: showBaggage(settings.baggage),
    spans: settings.spans,
    sampling: showTopSampling(settings),
    ...optional(
      'capture',
      settings.capture && { ...showCapture(settings.capture), keep: settings.captureKeep }
    ),
    export: settings.exporters.map((exporter, index) =>
      showExporter(exporter, child(child(root, 'export'), index))
    ),
    'access-log': { ...settings.accessLog, rate: formatRate(settings.accessLog.rate) },
    ...optional('cors', showCors(settings.cors)),
    tags: settings.tags,
    upstreams: Object.fromEntries([...settings.upstreams].map(([name, each]) => [name, showUpstream(each)])),
    routes: settings.routes.map(route => showRoute(route, settings))
  }
  return asWritten(shown, root)
}

function showTls(tls: TlsSettings | undefined): Shown | undefined {
  if (tls === undefined) return undefined
  const { certificates, clientCa, client } = tls
  return {
    ...(certificates.length === 1 ? certificates[0] : { certificates }),
    ...(clientCa === undefined ? {} : { 'client-ca': clientCa, client })
  }
}

function showTrust(
  { from, identities, origins, secret, context }: TrustSettings,
  node: Located | undefined
): Shown {
  const key = secret?.kind === 'hmac' ? 'hmac' : 'value'
  const shown = secret && { header: secret.header, [key]: hideSecret(writtenAt(node, ['secret', key])) }
  return {
    from: formatRange(from),
    ...optional('identity', identities),
    ...optional('origin', origins),
    ...optional('secret', shown),
    context
  }
}

function showAdapters(dialects: Settings['dialects'], node: Located | undefined): Shown | undefined {
  if (dialects.size === 0) return undefined
  return Object.fromEntries(
    [...dialects].map(([name, { package: from, export: exported, options }]) => [
      name,
      {
        package: from,
        ...optional('export', exported),
        // Which of them is a secret, nobody here knows.
        ...optional('options', replace(options, descend(node, [name, 'options']), isReference))
      }
    ])
  )
}

function showRoute(route: RouteSettings, top: Pick<Settings, 'sampling' | 'capture'>): Shown {
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
    ...optional('limits', route.maxBody === undefined ? undefined : { body: formatSize(route.maxBody) }),
    timeouts: {
      ...without(showTimeouts(route.timeouts), 'connect'),
      ...optional('request', showTime(route.timeouts.request))
    }
  }
}

function showTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms)
}

function showUpstream(upstream: UpstreamSettings): Shown {
  const where = upstream.echo
    ? { echo: true }
    : {
        targets: upstream.targets.map(({ url, weight, tags, matches }) => ({
          url: url.origin,
          weight,
          tags: Object.fromEntries(tags),
          ...showTargetMatches(matches)
        })),
        ...showSplit(upstream)
      }
  return {
    ...where,
    ...(upstream.external ? { external: true } : {}),
    emit: upstream.emit,
    'random-flag': upstream.randomFlag,
    tracestate: upstream.tracestate,
    baggage: showBaggage(upstream.baggage),
    timeouts: showTimeouts(upstream.timeouts),
    ...showConnecting(upstream)
  }
}

function showBaggage({ accept, emit, allow, maxBytes }: BaggageSettings): Shown {
  return { accept, emit, allow, 'max-bytes': maxBytes }
}

function showTimeouts({ connect, firstByte, idle, upgradeIdle }: Timeouts): Shown {
  return {
    connect: formatDuration(connect),
    'first-byte': formatDuration(firstByte),
    idle: formatDuration(idle),
    'upgrade-idle': formatDuration(upgradeIdle)
  }
}

function showCors(cors: CorsSettings | undefined): Shown | undefined {
  if (cors === undefined) return undefined
  const { maxAgeMs, ...rest } = cors
  return { ...rest, 'max-age': formatDuration(maxAgeMs) }
}

function showExporter(exporter: Rules['exporters'][number], node: Located | undefined): Shown {
  if (exporter.kind === 'console') return { console: {} }
  const kind = exporter.kind === 'otlp-json' ? 'otlp' : exporter.kind
  const at = (...keys: string[]) => writtenAt(node, [kind, ...keys])
  const url = at('url')
  const headers = Object.keys(exporter.headers).map(name => [name, hideSecret(at('headers', name))])
  return {
    [kind]: {
      // Some back ends are told who we are by the query or the path: a URL that came by reference stays one.
      url: url === undefined ? exporter.url.replace(/\?.*$/, '?***') : hideUrl(url),
      headers: Object.fromEntries(headers),
      ...(kind === 'otlp' ? { encoding: exporter.kind === 'otlp' ? 'protobuf' : 'json' } : {}),
      compression: exporter.compression,
      timeout: formatDuration(exporter.timeoutMs)
    }
  }
}

/** What stands in for a variable that is not set may itself be a secret. */
function hideUrl(written: string): string {
  return written.replace(/:-[^}]*\}/g, ':-***}')
}

/** Puts the reference back wherever a file was read, whatever the key. */
function asWritten(shown: Shown, root: Located): Shown {
  return Object.fromEntries(
    Object.entries(shown).map(([key, value]) => [key, replace(value, child(root, key))])
  )
}

function replace(value: unknown, node: Located | undefined, hidden = readsFile): unknown {
  if (node === undefined) return value
  if (node.kind === 'scalar') return hidden(node.written) ? hideSecret(node.written) : value
  if (Array.isArray(value))
    return value.map((item: unknown, index) => replace(item, itemsOf(node)[index], hidden))
  if (typeof value !== 'object' || value === null || node.kind !== 'map') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, replace(each, child(node, key), hidden)])
  )
}

function isReference(written: string | undefined): boolean {
  return written !== undefined
}

function writtenAt(root: Located | undefined, keys: readonly string[]): string | undefined {
  const node = descend(root, keys)
  return node?.kind === 'scalar' ? node.written : undefined
}

function optional(key: string, value: unknown): Shown {
  return value === undefined ? {} : { [key]: value }
}

function without(shown: Shown, key: string): Shown {
  return Object.fromEntries(Object.entries(shown).filter(([each]) => each !== key))
}
