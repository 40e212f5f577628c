// Reloads one after the other: the last one asked for is the one in force.
import type { Log } from '../report/log.ts'

/** As `once`, which begins when all that were asked for before have ended, however they did. */
export function inTurn<T>(once: () => Promise<T>, log: Log): () => Promise<T> {
  let under: Promise<unknown> = Promise.resolve()
  return () => {
    const next = under.then(once)
    under = next.catch(error => log.error('a reload failed', { error: String(error) }))
    return next
  }
}
