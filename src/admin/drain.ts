// POST /drain: not ready from now on, though it still serves. For who takes an instance out of service before it is
// told to end; Kubernetes' preStop can only GET, and says by a field of its own that it is no page in a browser.
// https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
import type { IncomingMessage } from 'node:http'
import { parseDuration } from '../rules/values.ts'
import { type Answer, type Handler, json, queryOf } from './answer.ts'

export const drainPath = '/drain'

/** A page of another site cannot send it unasked: https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const field = 'x-tracebridge-drain'

const longestMs = 60_000

export function drainCalls(retire: () => void): { readonly post: Handler; readonly get: Handler } {
  const drain = (request: IncomingMessage): Answer | Promise<Answer> => {
    const asked = queryOf(request).get('wait') ?? '0s'
    const waitMs = parseDuration(asked)
    if (waitMs === undefined || waitMs > longestMs) {
      return json(400, { error: 'wait: expected a duration of 1m at most, such as 5s' })
    }
    retire()
    const answer = json(200, { ok: true, draining: true })
    if (waitMs === 0) return answer
    return new Promise(resolve => {
      // Nothing is held up by it: who ends meanwhile ends.
      setTimeout(() => resolve(answer), waitMs).unref()
    })
  }
  return {
    post: drain,
    get: request =>
      request.headers[field] === undefined
        ? {
            ...json(405, { error: `method not allowed without the field ${field}` }),
            fields: ['Allow', 'POST']
          }
        : drain(request)
  }
}
