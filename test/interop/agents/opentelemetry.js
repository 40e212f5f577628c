// OpenTelemetry JS with one of its propagators: w3c, b3, b3multi or jaeger.
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  ParentBasedSampler
} from '@opentelemetry/sdk-trace-base'
import { ask, serve } from './serve.js'

const propagators = {
  w3c: () => new W3CTraceContextPropagator(),
  b3: () => new B3Propagator(),
  b3multi: () => new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  jaeger: () => new JaegerPropagator()
}
const propagator = propagators[process.argv[2]]()

function tracerWith(root) {
  return new BasicTracerProvider({ sampler: new ParentBasedSampler({ root }) }).getTracer('interop')
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
