// A service under the OpenTelemetry SDK that reports to the collector of argv[2], and calls on where it is told to.
// What serializes its spans is the package with which the gateway's own tests decode them.
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { ask, serve } from './serve.js'

const exporter = {
  export(spans, done) {
    fetch(process.argv[2], {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: ProtobufTraceSerializer.serializeRequest(spans)
    }).then(
      () => done({ code: 0 }),
      error => done({ code: 1, error })
    )
  },
  async shutdown() {}
}
const propagator = new W3CTraceContextPropagator()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = provider.getTracer('interop')

function serverSpan({ headers }) {
  const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
  return tracer.startSpan('serve', { kind: SpanKind.SERVER }, context)
}

serve({
  async call(to, _, request) {
    const server = serverSpan(request)
    const within = trace.setSpan(ROOT_CONTEXT, server)
    const client = tracer.startSpan('call', { kind: SpanKind.CLIENT }, within)
    const headers = {}
    propagator.inject(trace.setSpan(within, client), headers, defaultTextMapSetter)
    const answer = await ask(to, headers)
    client.end()
    server.end()
    return answer
  },
  seen(request) {
    serverSpan(request).end()
    return 'here'
  }
})
