// What holds for an exporter where its rules leave something out, and what it is called.
import type { ExporterSettings, Rules } from './rules.ts'
import type { Decoded } from './shape.ts'

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
