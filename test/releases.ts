// Releases and new rules while people call: no request is lost by either. How many, and how hard, is for those who ask.
import type { Test } from 'tap'
import { startBalancer } from './balancer.ts'
import { type Origin, startOrigin } from './origin.ts'
import { type Running, run } from './running.ts'
import { startTraffic } from './traffic.ts'
import { until } from './until.ts'

const callers = 16

function rulesOf(origin: Origin, connect = '5s'): string {
  return `
# Long enough for a balancer to look, on a machine that is busy with other things as well.
drain: { linger: 2s, timeout: 5s }
upstreams: { origin: { targets: [{ url: "${origin.url}" }], timeouts: { connect: ${connect} } } }
routes: [{ match: { path: /** }, upstream: origin }]
`
}

export async function restart(t: Test, restarts: number): Promise<void> {
  const origin = await startOrigin(t)
  const balancer = await startBalancer(t)
  const instances: Running[] = []
  for (let index = 0; index < 2; index++) instances.push(await run(t, rulesOf(origin)))
  for (const instance of instances) await balancer.add(instance)
  const traffic = startTraffic(t, balancer.url, callers)
  await until(() => traffic.served() > 100, 'all are busy')

  for (let index = 0; index < restarts; index++) {
    const next = await run(t, rulesOf(origin))
    await balancer.add(next)
    instances.push(next)
    const old = instances.shift()
    const before = traffic.served()
    // As SIGTERM does.
    await old?.app.close({ linger: true })
    if (old !== undefined) balancer.remove(old)
    t.ok(traffic.served() > before, 'people are served meanwhile')
  }
  await traffic.stop()
  t.strictSame(traffic.failed, [], `of ${traffic.served()}`)
}

export async function reload(t: Test, reloads: number): Promise<void> {
  const origin = await startOrigin(t)
  const { app, url, rewrite } = await run(t, rulesOf(origin))
  const traffic = startTraffic(t, url, callers)
  await until(() => traffic.served() > 100, 'all are busy')
  for (let index = 0; index < reloads; index++) {
    // Connections are kept apart by it: each reload leaves the old ones behind.
    rewrite(rulesOf(origin, `${1000 + index}ms`))
    t.match(await app.reload(), { routes: 1 })
    const before = traffic.served()
    await until(() => traffic.served() > before, 'the new rules serve')
  }
  await traffic.stop()
  t.strictSame(traffic.failed, [], `of ${traffic.served()}`)
}
