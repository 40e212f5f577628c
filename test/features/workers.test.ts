// "Can it use all cores, and does a worker that dies take others with it?" The command itself, with two workers.
import t from 'tap'
import { Agent, request } from 'undici'
import type { LatencyReport } from '../../src/report/latency.ts'
import type { TopologyMap } from '../../src/report/map.ts'
import { startChild } from '../child.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { connectRaw, type RawClient, requestOf, statusOf } from '../raw.ts'
import { until } from '../until.ts'
import { all, connected, ok, quiet, startWorkers, workersOf } from '../workers.ts'

async function answered(adminUrl: string): Promise<number> {
  return metric(adminUrl, 'http_server_request_duration_seconds_count')
}

async function read<T>(url: string): Promise<T> {
  return JSON.parse(await (await fetch(url)).text())
}

t.test('two workers share a port, and report as one gateway', async t => {
  const { port, adminUrl, process, stdout } = await startWorkers(t, `${all}workers: 2`)
  t.equal(workersOf(process.pid).length, 2)
  t.equal(await metric(adminUrl, 'tracebridge_workers'), 2)
  await connected(t, port, 30)
  t.equal(await answered(adminUrl), 30)
  t.equal(await metric(adminUrl, 'tracebridge_context_total', { dialect: 'b3', outcome: 'continued' }), 30)
  t.equal(await metric(adminUrl, 'tracebridge_connections'), 30)
  t.match(await (await fetch(`${adminUrl}/api/propagation?unneeded=7d`)).json(), {
    requests: 30,
    dialects: [{ dialect: 'b3', arrived: 30, needed: 30 }],
    unneeded: { routes: [{ route: 'all', dialect: 'w3c' }] }
  })
  const topology = await read<TopologyMap>(`${adminUrl}/api/topology`)
  t.match(topology.edges[0], { to: 'gateway', recent: { requests: 30 }, total: { requests: 30 } })
  const latency = await read<LatencyReport>(`${adminUrl}/api/latency`)
  t.match(latency.series, [{ route: 'all', count: 30, errors: 0 }])
  const { routes } = await read<{ routes: unknown }>(`${adminUrl}/api/routes`)
  t.match(routes, [{ name: 'all', sampling: [{ tag: '', rate: 1 }], traffic: { total: { requests: 30 } } }])
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  for (const name of text.matchAll(/^# TYPE (\S+)/gm)) {
    t.equal(text.split(`# TYPE ${name[1]} `).length, 2, `${name[1]} is there once`)
  }

  const agent = new Agent({ connections: 20 })
  t.teardown(() => agent.close())
  const count = 1000
  const long = 'x'.repeat(200)
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const { body } = await request(`http://127.0.0.1:${port}/${long}/${i}`, { dispatcher: agent })
      await body.dump()
    })
  )
  // Those before may come behind the first of these: each worker writes when it gets to it.
  const lines = () =>
    stdout()
      .split('\n')
      .slice(0, -1)
      .filter(line => line.includes(long))
  await until(() => lines().length === count, 'each has its line in the access log')
  t.equal(new Set(lines().map(line => JSON.parse(line).path)).size, count, 'and each line is whole')
})

t.test('a worker that is killed while it is told of new rules counts as killed', async t => {
  const { adminUrl, process, reload } = await startWorkers(t, `${quiet}${all}`, ['--workers', '2'])
  const [victim = 0] = workersOf(process.pid)
  globalThis.process.kill(victim, 'SIGSTOP')
  const reloaded = reload()
  // It cannot answer: the reload waits for it.
  await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'both are there')
  globalThis.process.kill(victim, 'SIGKILL')
  t.equal((await reloaded).status, 200)
  const restarts = (reason: string) => metric(adminUrl, 'tracebridge_worker_restarts_total', { reason })
  await until(async () => (await restarts('killed')) + (await restarts('refused')) === 1, 'it is counted')
  t.same([await restarts('killed'), await restarts('refused')], [1, 0])
})

t.test(
  'a worker that is killed costs its own connections, is replaced, and leaves what it counted',
  async t => {
    const { port, adminUrl, process, stderr } = await startWorkers(t, `${quiet}${all}`, ['--workers', '2'])
    const clients = await connected(t, port, 30)
    t.equal(await answered(adminUrl), 30)
    const [victim, other = 0] = workersOf(process.pid)
    // Of 0 the whole group would be killed.
    if (victim === undefined) throw new Error('it has no workers')
    globalThis.process.kill(victim, 'SIGKILL')
    const ended = new Set<RawClient>()
    for (const client of clients) void client.over.then(() => ended.add(client))
    await until(() => ended.size > 0, 'its connections end')
    const killed = () => metric(adminUrl, 'tracebridge_worker_restarts_total', { reason: 'killed' })
    await until(async () => (await killed()) === 1, 'it is missed')
    await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'another one serves')
    // In whatever order: ids of processes begin again from below.
    const workers = workersOf(process.pid)
    t.same([workers.length, workers.includes(other), workers.includes(victim)], [2, true, false])
    const left = clients.filter(client => !ended.has(client))
    t.ok(left.length > 0, `${left.length} of 30 connections were with the other worker`)
    for (const client of left) {
      client.send(requestOf({}))
      t.equal(statusOf(await client.answer(1)), 200)
    }
    t.equal(await answered(adminUrl), 30 + left.length, 'nothing runs backwards')
    const { edges } = await read<TopologyMap>(`${adminUrl}/api/topology`)
    t.match(
      edges.filter(({ to }) => to === 'gateway'),
      [{ total: { requests: 30 + left.length } }]
    )
    const { series } = await read<LatencyReport>(`${adminUrl}/api/latency`)
    t.match(series, [{ route: 'all', count: 30 + left.length }])
    t.equal(await killed(), 1)
    await until(() => /"a worker is gone".*"signal":"SIGKILL"/.test(stderr()), 'the log says so')
    await connected(t, port, 20)
    t.equal(await answered(adminUrl), 50 + left.length)
  }
)

t.test('SIGTERM lets every worker end what is in flight, and the exit code is 0', async t => {
  const { port, origin, process, exited, stderr } = await startWorkers(
    t,
    `${quiet}${all}workers: 2\ndrain: { linger: 0s }`
  )
  const clients: RawClient[] = []
  for (let i = 0; i < 12; i++) {
    const client = await connectRaw(t, port)
    client.send(requestOf({ path: '/slow' }))
    clients.push(client)
  }
  await until(() => origin.requests.length === clients.length, 'all are in flight')
  const pids = workersOf(process.pid)
  // As a terminal or systemd would: everybody hears it.
  for (const pid of [...pids, process.pid ?? 0]) globalThis.process.kill(pid, 'SIGTERM')
  await until(() => stderr().includes('"draining"'), 'it drains')
  for (const socket of origin.open) socket.write(ok)
  for (const client of clients) t.equal((await client.answer()).body.toString(), 'ok')
  t.equal(await exited, 0)
  for (const pid of pids) t.throws(() => globalThis.process.kill(pid, 0), { code: 'ESRCH' })
})

t.test('an address that somebody else has is told of at once', async t => {
  const { port } = await startOrigin(t)
  const child = startChild(t, [
    ...['serve', '--upstream', 'http://127.0.0.1:9', '--workers', '2'],
    ...['--listen', `127.0.0.1:${port}`, '--admin', '127.0.0.1:0']
  ])
  t.equal(await child.exited, 1)
  t.match(child.stderr(), `127.0.0.1:${port} is taken by another process; choose another with --listen`)
})
