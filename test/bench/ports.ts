// Ports for programs that have to be told theirs, and when they answer there.
import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { listen } from './listen.ts'
import { lastWords } from './processes.ts'

/** Busy machines start slowly; noise is to fail nothing. */
const limitMs = 30_000

/** So many, none of them twice: one that was given back may be given out again at once. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(servers.map(server => listen(server)))
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** Resolves when a request through it is answered 200; rejects when it ends, or takes too long. */
export async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + limitMs
  while (Date.now() < deadline && child.exitCode === null) {
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/orders/42`)
      await body.dump()
      if (statusCode === 200) return
    } catch {
      // Not yet.
    }
    await sleep(50)
  }
  if (child.exitCode === null) throw new Error('it did not begin to answer')
  throw new Error(`it ended with ${child.exitCode}: ${lastWords(child)}`)
}
