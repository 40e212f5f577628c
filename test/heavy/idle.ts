// "What do ten thousand callers cost who have nothing to ask just now?" Each has had a request answered and keeps its
// connection; the same many that never said a word. Their clients are processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type ServingChild, startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'

const number = 10_000
const mostMb = 150
const callers = fileURLToPath(new URL('../idle-callers.ts', import.meta.url))

const files = /^Max open files +(\d+)/m
const allowed =
  process.platform === 'linux' ? Number(files.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]) : 0
const skip = allowed < number + 1_000 && `${number} connections need a limit of open files above that`

/** The command as people start it, in front of an upstream; not for the first time, when a checkout reads TypeScript. */
async function serving(t: Test): Promise<ServingChild> {
  const origin = await startOrigin(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  writeFileSync(
    file,
    `
access-log: { to: none }
drain: { linger: 0s }
listen: [{ address: "127.0.0.1:0", timeouts: { header: 300s, keep-alive: 300s } }]
admin: { address: "127.0.0.1:0" }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const first = await startServing(t, ['--rules', file], [])
  first.process.kill('SIGTERM')
  await once(first.process, 'exit')
  return startServing(t, ['--rules', file], [])
}

async function start(t: Test, { port }: ServingChild, kind: 'asked' | 'silent'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [callers, String(port), String(number), kind], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill())
  await once(child.stdout, 'data')
  return child
}

/** Megabytes of the gateway, at the least within so many seconds. */
async function resident({ adminUrl }: ServingChild, seconds: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < seconds; i++) {
    await sleep(1_000)
    least = Math.min(least, (await metric(adminUrl, 'process_resident_memory_bytes')) / 1e6)
  }
  return least
}

async function asked(child: ChildProcess): Promise<void> {
  child.stdin?.write('again\n')
  if (child.stdout !== null) await once(child.stdout, 'data')
}

for (const kind of ['asked', 'silent'] as const) {
  t.test(`${number} connections, ${kind}, are held in ${mostMb} MB`, { skip, timeout: 120_000 }, async t => {
    const gateway = await serving(t)
    const before = await resident(gateway, 1)
    const child = await start(t, gateway, kind)
    const after = await resident(gateway, 10)
    const open = await metric(gateway.adminUrl, 'tracebridge_connections')
    t.comment(`${before.toFixed(0)} MB without, ${after.toFixed(0)} MB with ${open} connections (${kind})`)
    t.equal(open, number, 'all of them are open')
    t.ok(after < mostMb, `${after.toFixed(1)} MB`)
    if (kind === 'silent') return
    await asked(child)
    t.equal(await metric(gateway.adminUrl, 'tracebridge_connections'), number, 'and each is answered again')
  })
}
