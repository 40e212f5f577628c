// The promise of the sample rate, held by a collector that is not ours: @elastic/mockotlpserver.
// It reads protobuf, but no gzip; gzip is shown by receiver.ts, which decodes with OpenTelemetry's own code.
import { createRequire } from 'node:module'
import t from 'tap'
import { Pool } from 'undici'
import { randomIds } from '../../src/trace/ids.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

/** What of the package is used here; it brings no types. */
type Collector = {
  readonly httpUrl: string
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}
type Trace = {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[]
}
type Span = {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId: Uint8Array
  readonly kind: number | string
}

const { MockOtlpServer } = createRequire(import.meta.url)('@elastic/mockotlpserver') as {
  readonly MockOtlpServer: new (options: object) => Collector
}

/** Ten thousand in test/heavy. */
const requests = Number(process.env['HELD_REQUESTS'] ?? 2_000)
const expected = requests * 0.3
/** Five standard deviations of a binomial. */
const apart = 5 * Math.sqrt(requests * 0.3 * 0.7)
const connections = 50

t.test(
  `at 30 % of ${requests} requests a collector holds about ${expected} traces, and metrics count every request`,
  async t => {
    const spans: Span[] = []
    const collector = new MockOtlpServer({
      logLevel: 'fatal',
      services: ['http'],
      httpHostname: '127.0.0.1',
      httpPort: 0,
      onTrace: (trace: Trace) => {
        for (const resource of trace.resourceSpans)
          for (const scope of resource.scopeSpans) spans.push(...scope.spans)
      }
    })
    await collector.start()
    t.teardown(() => collector.close())
    const gateway = await run(
      t,
      `
sampling: { rate: 30% }
export: [{ otlp: { url: "${collector.httpUrl}v1/traces", compression: none } }]
upstreams: { demo: { echo: true } }
routes: [{ match: { path: "/orders/{id}" }, upstream: demo }]
`
    )
    // Callers that leave the decision open, each with ids of its own.
    const callers = new Map<string, string>()
    const pool = new Pool(gateway.url, { connections })
    t.teardown(() => pool.close())
    async function call(): Promise<void> {
      const traceId = randomIds.traceId()
      const spanId = randomIds.spanId()
      callers.set(traceId, spanId)
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: '/orders/1',
        headers: { b3: `${traceId}-${spanId}` }
      })
      await body.dump()
      if (statusCode !== 200) throw new Error(`answered with ${statusCode}`)
    }
    let left = requests
    const caller = async (): Promise<void> => {
      while (left-- > 0) await call()
    }
    await Promise.all(Array.from({ length: connections }, caller))

    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    const counts = [...metrics.matchAll(/^http_server_request_duration_seconds_count\{.*\} (\d+)$/gm)]
    t.equal(
      counts.reduce((sum, [, count]) => sum + Number(count), 0),
      requests,
      'every request is counted, sampled or not'
    )
    const recorded = Number(/^tracebridge_spans_recorded_total\{exporter="otlp"\} (\d+)$/m.exec(metrics)?.[1])
    await until(() => spans.length === recorded, 'every recorded span arrives')

    const servers = spans.filter(({ kind }) => kind === 2 || kind === 'SPAN_KIND_SERVER')
    t.ok(Math.abs(servers.length - expected) < apart, `${servers.length} traces are about ${expected}`)
    t.equal(
      new Set(servers.map(span => hex(span.traceId))).size,
      servers.length,
      'one server span for each trace'
    )
    t.equal(
      servers.filter(span => callers.get(hex(span.traceId)) === hex(span.parentSpanId)).length,
      servers.length,
      "the parent of each is its caller's span"
    )
    const byId = new Map(servers.map(span => [hex(span.spanId), hex(span.traceId)]))
    const clients = spans.filter(span => !servers.includes(span))
    t.equal(clients.length, servers.length, 'one attempt for each')
    t.equal(
      clients.filter(span => byId.get(hex(span.parentSpanId)) === hex(span.traceId)).length,
      clients.length,
      'each attempt is a child of its server span'
    )
  }
)

function hex(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex')
}
