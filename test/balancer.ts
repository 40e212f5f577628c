// A load balancer by connection: it takes those instances whose /readyz says 200, and looks often.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Teardown } from './running.ts'

export type Instance = { readonly port: number; readonly adminUrl: string }

export type Balancer = {
  readonly url: string
  /** Resolves when it gets connections. */
  readonly add: (instance: Instance) => Promise<void>
  readonly remove: (instance: Instance) => void
}

const everyMs = 20

/** Ends with the test. */
export async function startBalancer(t: Teardown): Promise<Balancer> {
  const instances = new Set<Instance>()
  let ready: readonly Instance[] = []
  let turn = 0
  let looking = true
  const open = new Set<Socket>()

  async function isReady({ adminUrl }: Instance): Promise<boolean> {
    try {
      return (await fetch(`${adminUrl}/readyz`)).status === 200
    } catch {
      return false
    }
  }
  async function look(): Promise<void> {
    const all = [...instances]
    const judged = await Promise.all(all.map(isReady))
    ready = all.filter((instance, index) => judged[index] === true && instances.has(instance))
  }
  const watching = (async () => {
    while (looking) {
      await look()
      await new Promise(resolve => setTimeout(resolve, everyMs))
    }
  })()

  const server = createServer(caller => {
    const instance = ready[turn++ % Math.max(1, ready.length)]
    if (instance === undefined) return void caller.destroy()
    const upstream = connect(instance.port, '127.0.0.1')
    for (const [from, to] of [
      [caller, upstream],
      [upstream, caller]
    ] as const) {
      open.add(from)
      from.setNoDelay(true)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        open.delete(from)
        to.end()
      })
      from.pipe(to)
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(async () => {
    looking = false
    for (const socket of open) socket.destroy()
    server.close()
    await watching
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    add: async instance => {
      instances.add(instance)
      while (!ready.includes(instance)) await look()
    },
    remove: instance => void instances.delete(instance)
  }
}
