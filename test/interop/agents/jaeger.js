// jaeger-client with ids of 128 bits, of `64`, or `short`: ids of few digits, for it trims leading zeros.
import jaeger from 'jaeger-client'
import { ask, serve } from './serve.js'

const kind = process.argv[2]
function tracerWith(decision) {
  const options = { traceId128bit: kind === '128' }
  return new jaeger.Tracer('interop', new jaeger.NoopReporter(), new jaeger.ConstSampler(decision), options)
}
const keeping = tracerWith(true)
const dropping = tracerWith(false)

let calls = 0

/** As an id of a few digits comes about: by chance, once in a while. */
function shortContext(wish) {
  calls++
  return jaeger.SpanContext.fromString(`1a2b${calls}:4d5e${calls}:0:${wish === 'keep' ? 1 : 0}`)
}

serve({
  async call(url, wish) {
    const tracer = wish === 'keep' ? keeping : dropping
    const context = kind === 'short' ? shortContext(wish) : tracer.startSpan('call').context()
    const headers = {}
    tracer.inject(context, jaeger.opentracing.FORMAT_HTTP_HEADERS, headers)
    return {
      context: { traceId: context.traceIdStr, spanId: context.spanIdStr },
      answer: await ask(url, headers)
    }
  },
  seen({ headers }) {
    const parent = keeping.extract(jaeger.opentracing.FORMAT_HTTP_HEADERS, headers)
    if (parent === null || !parent.isValid) return null
    const context = keeping.startSpan('serve', { childOf: parent }).context()
    return { traceId: context.traceIdStr, parentId: context.parentIdStr, sampled: context.isSampled() }
  }
})
