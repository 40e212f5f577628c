// Zipkin's own library: 128-bit ids and a span of its own for each side, or `64`, short ids and spans that two share.
import zipkin from 'zipkin'
import { ask, serve } from './serve.js'

const narrow = process.argv[2] === '64'
const tracer = new zipkin.Tracer({
  ctxImpl: new zipkin.ExplicitContext(),
  recorder: { record() {} },
  localServiceName: 'interop',
  traceId128Bit: !narrow,
  supportsJoin: narrow
})
const client = new zipkin.Instrumentation.HttpClient({ tracer })
const server = new zipkin.Instrumentation.HttpServer({ tracer, port: 0 })
const { None, Some } = zipkin.option

serve({
  async call(url, wish) {
    const root = tracer.createRootId(new Some(wish === 'keep'))
    const { headers, id } = tracer.letId(root, () => ({
      headers: client.recordRequest({ headers: {} }, url, 'GET').headers,
      id: tracer.id
    }))
    return { context: { traceId: id.traceId, spanId: id.spanId }, answer: await ask(url, headers) }
  },
  seen({ method, url, headers }) {
    const read = name => {
      const value = headers[name.toLowerCase()]
      return value === undefined ? None : new Some(value)
    }
    const id = tracer.letId(tracer.createRootId(), () => server.recordRequest(method, url, read))
    // A shared span has the id of its caller's; a root that was made here is no continuation.
    const parentId = narrow ? id.spanId : id.parentSpanId.getOrElse(undefined)
    if (read('x-b3-traceid') === None || parentId === undefined) return null
    return { traceId: id.traceId, parentId, sampled: id.sampled.getOrElse(false) }
  }
})
