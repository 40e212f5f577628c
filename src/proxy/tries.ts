// How often a request was sent, and whether it may be once more.
// https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2: only what has not been acted on is sent again.
import type { Route } from '../rules/rules.ts'
import type { Again, Line } from './pools.ts'
import { isRepeatable } from './repeatable.ts'
import type { Question } from './sides.ts'
import { hasBody } from './target.ts'

/** One for each exchange. */
export class Tries {
  /** Attempts so far. */
  sent = 0
  /** Of these, one that never went out and that another target can take: it does not count. */
  #spared = 0

  /** If so, it is counted by its upstream. `line` is where the last one went. */
  may(why: Again, request: Question, route: Route | undefined, line: Line | undefined): boolean {
    if (route === undefined || line === undefined || route.retries === 0) return false
    const { upstream, retries } = route
    if (why === 'unsent' && line.elsewhere()) this.#spared = 1
    if (this.sent - this.#spared > retries) return false
    const body = hasBody(request)
    // Sent twice it might be done twice.
    if (why !== 'unsent' && (body || !isRepeatable(request.method ?? '', upstream))) return false
    if (why === 'new' && upstream.resend !== 'any') return false
    if (body && request.readableDidRead) return false
    return line.mayResend(why)
  }
}
