// What is said to a gateway with workers, by its rules or by its admin listener, holds in all of them, and in those who
// come later.
import t from 'tap'
import { request } from 'undici'
import { metric } from '../metric.ts'
import { statusOf } from '../raw.ts'
import { until } from '../until.ts'
import { all, connected, quiet, startWorkers, workersOf } from '../workers.ts'

t.test(
  'new rules reach every worker, refused ones none, and those who come later get the ones in force',
  async t => {
    const world = await startWorkers(
      t,
      `${quiet}workers: 2\nroutes: [{ match: { path: /old }, upstream: origin }]`
    )
    const { port, adminUrl, process, write, reload } = world
    const statuses = async (path: string) => {
      const clients = await connected(t, port, 20, path)
      return [...new Set(await Promise.all(clients.map(async client => statusOf(await client.answer()))))]
    }
    t.same(await statuses('/old'), [200])
    t.same(await statuses('/new'), [404])
    write(`${quiet}workers: 2\nroutes: [{ match: { path: /new }, upstream: origin }]`)
    t.match(await reload(), { status: 200 })
    t.same(await statuses('/old'), [404])
    t.same(await statuses('/new'), [200])

    write('routes: [{ match: { path: /nowhere }, upstream: nobody }]')
    t.match(await reload(), { status: 422, text: /expected an upstream/ })
    t.same(await statuses('/new'), [200])
    for (const worker of workersOf(process.pid)) globalThis.process.kill(worker, 'SIGKILL')
    await until(async () => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text()
      return /^tracebridge_workers 2$/m.test(text) && /restarts_total\{reason="killed"\} 2$/m.test(text)
    }, 'both were replaced')
    t.same(await statuses('/new'), [200], 'though the file is wrong')
    t.same(await statuses('/old'), [404])
    // The watch may have seen each edit before it was asked for.
    t.ok((await metric(adminUrl, 'tracebridge_reloads_total', { outcome: 'applied' })) >= 1)
    t.ok((await metric(adminUrl, 'tracebridge_reloads_total', { outcome: 'refused' })) >= 1)
  }
)

t.test('labels of metrics keep their names until the next start, and the log names the keys', async t => {
  const tags = (service: string) => `tags: { service: ${service} }\n`
  const world = await startWorkers(t, `${quiet}${all}workers: 2\n${tags('release')}`)
  world.write(`${quiet}${all}workers: 2\n${tags('alicloud.service.tag')}`)
  t.match(await world.reload(), { status: 200 })
  await until(() => world.stderr().includes('"keys":["tags.service"]'), 'it is said, once for all workers')
  t.match(world.stderr(), 'some of the new rules take effect at the next start')
})

t.test('a rate for a while holds in every worker, and in those who come later', async t => {
  const { port, adminUrl, process } = await startWorkers(
    t,
    `${quiet}${all}workers: 2\nexport: [{ console: {} }]\nsampling: { rate: 0%, parent: ignore }`
  )
  const kept = () => metric(adminUrl, 'tracebridge_sampling_total', { outcome: 'kept' })
  await connected(t, port, 20)
  t.equal(await kept(), 0)
  const put = await request(`${adminUrl}/sampling`, {
    method: 'PUT',
    body: JSON.stringify({ match: { path: '/**' }, rate: '100%', for: '10m' })
  })
  t.equal(put.statusCode, 200)
  t.match(await put.body.json(), { overrides: [{ rate: '100%' }], rates: [{ route: 'all', rate: '100%' }] })
  await connected(t, port, 20)
  t.equal(await kept(), 20)
  for (const worker of workersOf(process.pid)) globalThis.process.kill(worker, 'SIGKILL')
  await until(
    async () => (await metric(adminUrl, 'tracebridge_worker_restarts_total')) === 2,
    'both are missed'
  )
  await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'both were replaced')
  await connected(t, port, 20)
  t.equal(await kept(), 40)
  const end = await request(`${adminUrl}/sampling`, { method: 'DELETE' })
  t.match(await end.body.json(), { overrides: [], rates: [{ route: 'all', rate: '0%' }] })
  await connected(t, port, 20)
  t.equal(await kept(), 40)

  const pids = workersOf(process.pid)
  process.kill('SIGKILL')
  await until(() => pids.every(pid => !lives(pid)), 'without the first process no worker goes on')
})

function lives(pid: number): boolean {
  try {
    globalThis.process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

t.test('a worker that is killed while it is told new rules has refused none', async t => {
  const { adminUrl, process, reload } = await startWorkers(t, `${quiet}${all}workers: 2`)
  const [victim] = workersOf(process.pid)
  // 0 would be this very test.
  if (victim === undefined) throw new Error('no worker')
  globalThis.process.kill(victim, 'SIGSTOP')
  const reloaded = reload()
  // It hears the question, and answers no more.
  await new Promise(resolve => setTimeout(resolve, 100))
  globalThis.process.kill(victim, 'SIGKILL')
  t.equal((await reloaded).status, 200)
  const restarts = (reason: string) => metric(adminUrl, 'tracebridge_worker_restarts_total', { reason })
  await until(async () => (await restarts('killed')) + (await restarts('refused')) === 1, 'it is gone')
  t.equal(await restarts('refused'), 0)
})
