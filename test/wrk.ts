// So many connections that always have a request under way: by wrk where it is installed, else by a client of ours.
import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Teardown } from './running.ts'
import { startTraffic } from './traffic.ts'

export type Tally = {
  readonly tool: string
  /** Whole answers, whatever their status. */
  readonly answered: number
  /** Answers other than 2xx and 3xx. */
  readonly failed: number
  /** Requests without a whole answer, by what became of their connection. */
  readonly lost: {
    readonly connect: number
    readonly read: number
    readonly write: number
    readonly timeout: number
  }
}

export const hasWrk = spawnSync('wrk', ['--version']).error === undefined

/** Runs for so many seconds. */
export async function loaded(t: Teardown, url: string, connections: number, seconds: number): Promise<Tally> {
  return hasWrk ? byWrk(t, url, connections, seconds) : byOurs(t, url, connections, seconds)
}

async function byWrk(t: Teardown, url: string, connections: number, seconds: number): Promise<Tally> {
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '5s', url])
  t.teardown(() => child.kill())
  const said = await text(child.stdout)
  const number = (pattern: RegExp) => Number(pattern.exec(said)?.[1] ?? 0)
  return {
    tool: 'wrk',
    answered: number(/(\d+) requests in/),
    failed: number(/Non-2xx or 3xx responses: (\d+)/),
    lost: {
      connect: number(/connect (\d+),/),
      read: number(/read (\d+),/),
      write: number(/write (\d+),/),
      timeout: number(/timeout (\d+)/)
    }
  }
}

async function byOurs(t: Teardown, url: string, connections: number, seconds: number): Promise<Tally> {
  const traffic = startTraffic(t, url, connections)
  await sleep(seconds * 1000)
  await traffic.stop()
  const answers = traffic.failed.filter(why => /^\d{3} /.test(why)).length
  const read = traffic.failed.length - answers
  return {
    tool: 'a client of ours',
    answered: traffic.served() + answers,
    failed: answers,
    lost: { connect: 0, read, write: 0, timeout: 0 }
  }
}
