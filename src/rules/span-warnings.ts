// Where spans are lost, or name others that nobody reports, though the rules are valid.
import { routesText } from './route-warnings.ts'
import type { Rules } from './rules.ts'
import type { Settings } from './settings.ts'

export function spanWarnings(settings: Settings): readonly string[] {
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

export function exporterWarnings({ exporters }: Settings): readonly string[] {
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
export function segmentWarnings({ routes }: Rules, { exporters }: Settings): readonly string[] {
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
