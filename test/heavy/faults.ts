// "What is lost when everything breaks at once?" 200 busy connections, while upstreams die and return, rules are loaded
// again and again, and a worker is killed: no more than was in flight in that worker.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { request } from 'undici'
import { listenOn } from '../../src/listen.ts'
import { startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { listens, type Mortal, startMortal } from '../mortal.ts'
import { until } from '../until.ts'
import { connectionsOf, workersOf } from '../workers.ts'
import { hasWrk, loaded } from '../wrk.ts'

const connections = 200
const seconds = 8

type Target = Pick<Mortal, 'url' | 'served' | 'die' | 'live'>

/** An upstream that comes and goes at one port, whatever is under way there. */
async function startKilled(t: Test): Promise<Target> {
  let served = 0
  const make = () =>
    createServer((_, response) => {
      served++
      response.end('here I am')
    })
  let server: Server = make()
  const port = await listenOn(server, '127.0.0.1', 0)
  const die = async () => {
    server.close()
    server.closeAllConnections()
  }
  t.teardown(die)
  return {
    url: `http://127.0.0.1:${port}`,
    served: () => served,
    die,
    live: async () => {
      server = make()
      // Meanwhile a connection of somebody else may have been given the port.
      await until(() => listens(server, port), 'its port is free again')
    }
  }
}

t.setTimeout(120_000)

const skip = process.platform !== 'linux' && 'connections of a process are looked up in /proc'

/** All of it at once, with these keys of the upstream; prints what came of it, and gives what else was lost. */
async function endure(t: Test, start: (t: Test) => Promise<Target>, keys = '') {
  if (!hasWrk) t.comment('wrk is not installed: a client of ours takes its place')
  const [a, b] = [await start(t), await start(t)]
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  const write = (name: string) =>
    writeFileSync(
      file,
      `
access-log: { to: none }
workers: 2
upstreams:
  both:
    targets: [{ url: "${a.url}" }, { url: "${b.url}" }]
${keys}
routes: [{ name: ${name}, match: { path: /** }, upstream: both }]
`
    )
  write('first')
  const child = await startServing(t, ['--rules', file])
  const { port, adminUrl } = child

  const ending = loaded(t, `http://127.0.0.1:${port}/`, connections, seconds)
  let over = false
  const tally = ending.finally(() => {
    over = true
  })
  let reloads = 0
  let deaths = 0
  const reloading = (async () => {
    while (!over) {
      write(reloads % 2 === 0 ? 'second' : 'first')
      const answer = await request(`${adminUrl}/reload`, { method: 'POST' })
      await answer.body.dump()
      if (answer.statusCode === 200) reloads++
      await sleep(100)
    }
  })()
  const dying = (async () => {
    // What may be sent again is a share of what came: in the first moments that is next to nothing.
    await sleep(2000)
    while (!over) {
      const one = deaths % 2 === 0 ? a : b
      await one.die()
      deaths++
      await sleep(250)
      const before = one.served()
      await one.live()
      // One that failed is left out for a while, by each worker: the other one must not die meanwhile.
      await until(() => over || one.served() > before, 'it is asked again')
      await sleep(750)
    }
  })()
  await until(async () => (await metric(adminUrl, 'tracebridge_connections')) >= connections, 'all are busy')
  await sleep((seconds * 1000) / 2)
  const [victim = 0] = workersOf(child.process.pid)
  // It stands still while they are counted: callers come and go.
  process.kill(victim, 'SIGSTOP')
  const held = connectionsOf(victim, port)
  process.kill(victim, 'SIGKILL')
  const { tool, answered, failed, lost } = await tally
  await Promise.all([reloading, dying])
  await until(async () => (await metric(adminUrl, 'tracebridge_workers')) === 2, 'the worker was replaced')

  const gone = lost.connect + lost.read + lost.write + lost.timeout
  t.comment(
    `${tool}: ${answered} answered, ${failed} of them failed; ${gone} lost (${JSON.stringify(lost)}), ` +
      `${held} of ${connections} connections were with the killed worker; ${reloads} reloads, ${deaths} deaths`
  )
  const exposed = await (await fetch(`${adminUrl}/metrics`)).text()
  const why = exposed.match(/^tracebridge_(?:failures|upstream_retries)_total.*$/gm)?.join('\n') ?? ''
  t.comment(why)
  // One more connection can be on its way from the first process to the worker that dies.
  t.ok(held > 0 && gone <= held + 1, `${gone} requests are lost, ${held} were in flight in the killed worker`)
  t.ok(reloads > 5 && deaths > 2 && answered > 1000, 'and all of it happened')
  child.process.kill('SIGINT')
  t.equal(await child.exited, 0)
  return { failed, answered, why }
}

t.test('by default what is lost is what was in flight in the worker that was killed', { skip }, async t => {
  // Fewer connections than callers: a request that is the first on its connection may not be sent again.
  const { failed, why } = await endure(t, startMortal, '    limits: { connections: 20 }')
  t.equal(failed, 0, `every answer is the upstream's own; ${why}`)
})

t.test('with resend: any, of upstreams too that are killed rather than drained', { skip }, async t => {
  // One may die as the other has only just come back.
  const { failed, why } = await endure(t, startKilled, '    resend: any\n    retries: 2')
  t.equal(failed, 0, `every answer is the upstream's own; ${why}`)
})

t.test('without it what they had read of new connections is lost, and no more', { skip }, async t => {
  const { failed, answered, why } = await endure(t, startKilled)
  t.ok(failed < answered / 20, `${failed} of ${answered}; ${why}`)
})
