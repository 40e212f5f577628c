// Busy connections: each sends its next request right after the answer to the last.
import { Pool } from 'undici'
import type { Teardown } from './running.ts'

export type Traffic = {
  readonly served: () => number
  /** What went wrong, one entry for each request that failed. */
  readonly failed: readonly string[]
  /** Resolves when every request under way has ended. */
  readonly stop: () => Promise<void>
}

/** Runs until it is stopped; `look` is shown the body of every answer. */
export function startTraffic(
  t: Teardown,
  url: string,
  connections: number,
  look: (body: string) => void = () => {}
): Traffic {
  const pool = new Pool(url, { connections })
  const failed: string[] = []
  let served = 0
  let stopped = false
  async function keepCalling(): Promise<void> {
    while (!stopped) {
      try {
        const { statusCode, body } = await pool.request({ method: 'GET', path: '/busy' })
        const text = await body.text()
        if (statusCode === 200) served++
        else failed.push(`${statusCode} ${text}`)
        look(text)
        // What came behind the answer, the end of its connection it may be, is heard of before anything is sent there.
        for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve))
      } catch (error) {
        failed.push(String(error))
      }
    }
  }
  const callers = Promise.all(Array.from({ length: connections }, keepCalling))
  let ending: Promise<void> | undefined
  const stop = () => {
    stopped = true
    ending ??= callers.then(() => pool.close())
    return ending
  }
  t.teardown(stop)
  return { served: () => served, failed, stop }
}
