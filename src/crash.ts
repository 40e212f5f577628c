// What becomes of a bug that nothing caught: it is told loudly, once, and whoever runs the process ends it in order. A
// process that went on would serve with state that nobody knows. It must not end anything itself.
import type { Log } from './report/log.ts'

/** Hears of exceptions and rejections that nothing caught; `origin` is node's word for which of the two. */
export type OnCrash = (handle: (error: unknown, origin: string) => void) => void

/** Milliseconds for requests in flight, once there was one: they may hang on what is broken. */
export const crashDrainMs = 5_000
/** After which nothing is waited for. */
export const crashEndMs = 10_000

/** A bug may come with every request until the end. */
const toldAtMost = 10

/** Resolves with the first one. */
export function crashed(onCrash: OnCrash, log: Log): Promise<void> {
  return new Promise(resolve => {
    let count = 0
    onCrash((error, origin) => {
      count++
      if (count <= toldAtMost) log.error('a bug: this process ends', { origin, ...traceOf(error) })
      resolve()
    })
  })
}

function traceOf(error: unknown): { readonly stack: string } {
  return { stack: error instanceof Error ? (error.stack ?? String(error)) : String(error) }
}
