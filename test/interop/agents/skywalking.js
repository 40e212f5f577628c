// skywalking-backend-js, with its own plugin around node:http on both sides.
import skywalking from 'skywalking-backend-js'
import { ask, serve } from './serve.js'

const { default: agent, ContextManager } = skywalking

agent.start({
  serviceName: 'interop',
  serviceInstance: 'interop-1',
  // Nobody listens there: what is read and sent does not depend on it.
  collectorAddress: '127.0.0.1:1',
  traceIgnorePath: 'GET:/drop'
})

/** As its back ends find spans: the segment, and the span's place in it. */
function placeOf(segment, index) {
  return { segment: String(segment), index }
}

serve({
  async call(url, wish) {
    const { segment } = ContextManager.current
    const asked = ask(url)
    // The entry span has index 0, and the call is what comes next. Of an ignored request nothing is handed on.
    const context = { traceId: String(segment.relatedTraces[0]), ...placeOf(segment.segmentId, 1) }
    return { context: wish === 'keep' ? context : null, answer: await asked }
  },
  seen() {
    const span = ContextManager.currentSpan
    const [ref] = span?.refs ?? []
    if (ref === undefined) return null
    const { segment } = span.context
    // It knows no trace that is not sampled.
    return { traceId: String(segment.relatedTraces[0]), ...placeOf(ref.segmentId, ref.spanId), sampled: true }
  }
})
