// Runs files of tests one after the other in this process, each as a test named after it. A file need not know of it:
// `tap test/dialects/b3.test.ts` runs it alone.
import t, { type Test } from 'tap'
import { filesOf, type Room } from './rooms.ts'

/** What a file may ask of the `t` that it imports, besides its `jobs`. */
export const asked = ['test', 'teardown', 'ok'] as const

/** From now on the `t` that files import is the test of one file. */
function become(own: Test): void {
  for (const name of asked) Object.defineProperty(t, name, { value: own[name].bind(own), configurable: true })
  Object.defineProperty(t, 'jobs', {
    set: (jobs: number) => {
      own.jobs = jobs
    },
    configurable: true
  })
}

/** Defines a test for every file of the room. */
export function run(room: Room): void {
  const timeout = Number(process.env['TAP_TIMEOUT'] ?? 90) * 1000
  const define = t.test.bind(t)
  for (const file of filesOf(room)) {
    define(`test/${file}`, { timeout }, async own => {
      // Anew for each file; the process itself is only ended where a file that is late keeps it from ending.
      t.setTimeout(2 * timeout)
      become(own)
      await import(`./${file}`)
    })
  }
}
