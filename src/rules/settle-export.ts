// Fills in what rules leave out of an exporter, names it, and shows it to people again.
import type { Located } from './located.ts'
import { hideSecret } from './references.ts'
import type { ExporterSettings, Rules } from './rules.ts'
import type { Decoded } from './shape.ts'
import type { Shown } from './shown.ts'
import { formatDuration } from './values.ts'
import { writtenAt } from './written.ts'

type DecodedExporter = NonNullable<Decoded['export']>[number]
type Posted = NonNullable<DecodedExporter['zipkin']>

const timeoutMs = 10_000

export function settleExporters(list: readonly DecodedExporter[]): Rules['exporters'] {
  const seen = new Map<string, number>()
  const nameOf = (kind: string) => {
    const count = (seen.get(kind) ?? 0) + 1
    seen.set(kind, count)
    return count === 1 ? kind : `${kind}-${count}`
  }
  return list.map(({ otlp, zipkin, skywalking }) => {
    if (otlp !== undefined) {
      const kind = otlp.encoding === 'json' ? 'otlp-json' : 'otlp'
      return { kind, name: nameOf('otlp'), ...posted(otlp, 'gzip') }
    }
    if (zipkin !== undefined) return { kind: 'zipkin', name: nameOf('zipkin'), ...posted(zipkin, 'gzip') }
    if (skywalking !== undefined) {
      // OAPs before 9.4 take gzip for JSON, and refuse it: https://github.com/apache/skywalking/pull/10300
      return { kind: 'skywalking', name: nameOf('skywalking'), ...posted(skywalking, 'none') }
    }
    return { kind: 'console', name: nameOf('console') }
  })
}

type PostSettings = Omit<Exclude<ExporterSettings, { kind: 'console' }>, 'kind' | 'name'>

function posted({ url, headers, compression, timeout }: Posted, packed: 'gzip' | 'none'): PostSettings {
  return {
    url,
    headers: headers ?? {},
    compression: compression ?? packed,
    timeoutMs: timeout ?? timeoutMs
  }
}

/** `node` is what the exporter came from; it knows what was written by reference. */
export function showExporter(exporter: ExporterSettings, node: Located | undefined): Shown {
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
