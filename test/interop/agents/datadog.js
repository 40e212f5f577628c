// dd-trace with its default styles, or with `datadog` alone.
import tracing from 'dd-trace'
import { ask, serve } from './serve.js'

// Read by the library when it is initialised; nothing here is to be sent anywhere.
if (process.argv[2] !== undefined) process.env.DD_TRACE_PROPAGATION_STYLE = process.argv[2]
process.env.DD_INSTRUMENTATION_TELEMETRY_ENABLED = 'false'
process.env.DD_REMOTE_CONFIGURATION_ENABLED = 'false'
process.env.DD_CRASHTRACKING_ENABLED = 'false'
const tracer = tracing.init({
  service: 'interop',
  plugins: false,
  startupLogs: false,
  url: 'http://127.0.0.1:1'
})

serve({
  async call(url, wish) {
    const span = tracer.startSpan('call')
    span.setTag(wish === 'keep' ? 'manual.keep' : 'manual.drop', true)
    const headers = {}
    tracer.inject(span, 'http_headers', headers)
    const context = span.context()
    const answer = await ask(url, headers)
    span.finish()
    return { context: { traceId: context.toTraceId(true), spanId: context.toSpanId(true) }, answer }
  },
  seen({ headers }) {
    const parent = tracer.extract('http_headers', headers)
    if (parent === null) return null
    const span = tracer.startSpan('serve', { childOf: parent })
    const onward = {}
    tracer.inject(span, 'http_headers', onward)
    span.finish()
    return {
      traceId: span.context().toTraceId(true),
      parentId: parent.toSpanId(true),
      sampled: Number(onward['x-datadog-sampling-priority']) > 0
    }
  }
})
