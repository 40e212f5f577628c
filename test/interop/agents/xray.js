// aws-xray-sdk-core, with its own capture around node:http, and a server as its Express middleware makes it.
import http from 'node:http'
import xray from 'aws-xray-sdk-core'
import { ask, serve } from './serve.js'

xray.middleware.disableCentralizedSampling()
xray.captureHTTPsGlobal(http)

/** `Root=1-58406520-a006649127e371903a2de979` names the trace 58406520a006649127e371903a2de979. */
function digitsOf(root) {
  return root.split('-').slice(1).join('')
}

serve({
  async call(url, wish) {
    const segment = new xray.Segment('call')
    if (wish === 'drop') segment.notTraced = true
    const answered = xray.getNamespace().runAndReturn(() => {
      xray.setSegment(segment)
      return ask(url)
    })
    const [subsegment] = segment.subsegments
    const context = { traceId: digitsOf(segment.trace_id), spanId: subsegment.id }
    const answer = await answered
    segment.close()
    return { context, answer }
  },
  seen(request, response) {
    const header = xray.middleware.processHeaders(request)
    if (header.root === undefined) return null
    const segment = new xray.Segment('serve', header.root, header.parent)
    xray.middleware.resolveSampling(header, segment, response)
    segment.close()
    return {
      traceId: digitsOf(segment.trace_id),
      parentId: segment.parent_id,
      sampled: segment.notTraced !== true
    }
  }
})
