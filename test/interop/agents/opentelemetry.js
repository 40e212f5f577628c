// OpenTelemetry JS with one of its propagators: w3c, b3, b3multi, jaeger, ot or instana.
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { InstanaPropagator } from '@opentelemetry/propagator-instana'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import { OTTracePropagator } from '@opentelemetry/propagator-ot-trace'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  ParentBasedSampler,
  RandomIdGenerator
} from '@opentelemetry/sdk-trace-base'
import { ask, serve } from './serve.js'

const propagators = {
  w3c: () => new W3CTraceContextPropagator(),
  b3: () => new B3Propagator(),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  jaeger: () => new JaegerPropagator(),
  ot: () => new OTTracePropagator(),
  instana: () => new InstanaPropagator()
}
const variant = process.argv[2]
const propagator = propagators[variant]()

// What ot cannot carry is not in its ids from the start, as in the tracers that it was made for.
const ids = new RandomIdGenerator()
const idGenerator = {
  generateTraceId: () => (variant === 'ot' ? ids.generateSpanId().padStart(32, '0') : ids.generateTraceId()),
  generateSpanId: () => ids.generateSpanId()
}

function tracerWith(root) {
  return new BasicTracerProvider({ sampler: new ParentBasedSampler({ root }), idGenerator }).getTracer(
    'interop'
  )
}
const keeping = tracerWith(new AlwaysOnSampler())
const dropping = tracerWith(new AlwaysOffSampler())

serve({
  async call(url, wish) {
    const span = (wish === 'keep' ? keeping : dropping).startSpan('call', {}, ROOT_CONTEXT)
    const headers = {}
    propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, defaultTextMapSetter)
    const { traceId, spanId } = span.spanContext()
    const answer = await ask(url, headers)
    span.end()
    return { context: { traceId, spanId }, answer }
  },
  seen({ headers }) {
    const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
    // A span that is not kept does not name its parent.
    const parent = trace.getSpanContext(context)
    if (parent === undefined) return null
    const span = keeping.startSpan('serve', {}, context)
    const { traceId, traceFlags } = span.spanContext()
    span.end()
    return { traceId, parentId: parent.spanId, sampled: (traceFlags & 1) === 1 }
  }
})
