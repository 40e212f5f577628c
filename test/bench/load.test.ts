// The load against the upstream itself, in processes of their own: each kind of answer is served and counted whole.
import { createServer } from 'node:net'
import t from 'tap'
import { holdClosedPort } from '../closed-port.ts'
import { listen } from './listen.ts'
import type { Order, Served } from './load.ts'
import { type Load, loads, withAnswer } from './loads.ts'
import { ask, cpuMicroseconds, end, residentMiB, startFile } from './processes.ts'

const { child: origin, ports } = await startFile('all', 'upstream.ts')
const { child: loader } = await startFile('all', 'load.ts')
t.teardown(() => Promise.all([end(origin), end(loader)]))
const upstream = ports.get('upstream') ?? 0

async function serve(load: Load, port: number, milliseconds = 10_000): Promise<Served> {
  const order: Order = { port, load, milliseconds }
  return (await ask(loader, order)) as Served
}

for (const load of [...Object.values(loads), withAnswer(100), withAnswer(65_536)])
  t.test(`${load.name}: all are served`, async t => {
    const requests = load.connections + 3
    t.match(await serve({ ...load, requests }, upstream), { served: requests, failed: 0, why: undefined })
  })

t.test('an answer of another size has failed', async t => {
  const { served, failed, why } = await serve({ ...loads.small, answer: 99 }, upstream)
  t.equal(served, 0)
  t.ok(failed > 0 && failed <= 2 * loads.small.connections, `${failed}`)
  t.equal(why, 'answered 200 with 100 bytes')
})

t.test('who refuses connections is not asked for ever', async t => {
  const { served, failed, why } = await serve(loads.small, await holdClosedPort(t))
  t.equal(served, 0)
  t.ok(failed > 0)
  t.match(why, 'ECONNREFUSED')
})

t.test('connections that end with their answers are opened anew', async t => {
  const whole = `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 100\r\n\r\n${'x'.repeat(100)}`
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end(whole))
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  t.match(await serve({ ...loads.small, requests: 100 }, port), { served: 100, failed: 0 })
})

t.test('a process tells its time and its memory', async t => {
  t.ok(cpuMicroseconds(origin) > 1000)
  t.ok(residentMiB(origin) > 10)
})
