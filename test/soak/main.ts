// npm run soak -- --minutes N: a gateway under everything at once, for as long as one likes. It fails when memory,
// sockets, timers or descriptors go up along a line, and when they do not come back to rest afterwards.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { request } from 'undici'
import { startCallers } from './callers.ts'
import { type Allowance, grows, trendOf } from './slope.ts'
import { startWorld, type World } from './world.ts'

type Sample = Readonly<Record<string, number>>

const MiB = 2 ** 20
/** Over the whole time that is looked at, beyond the first quarter. */
const allowances: ReadonlyMap<string, Allowance> = new Map([
  ['heap', { absolute: 3 * MiB, share: 0.05 }],
  ['external', { absolute: 4 * MiB, share: 0.1 }],
  ['rss', { absolute: 24 * MiB, share: 0.1 }],
  ['sockets', { absolute: 8, share: 0.1 }],
  ['timers', { absolute: 8, share: 0.1 }],
  ['descriptors', { absolute: 8, share: 0.1 }]
])
/** At rest, beyond what was there before anything began. */
const left: ReadonlyMap<string, number> = new Map([
  ['sockets', 6],
  ['timers', 10],
  ['descriptors', 10]
])

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error('--minutes: expected a number above 0')

const folder = mkdtempSync(join(tmpdir(), 'tracebridge-soak-'))
const file = join(folder, 'rules.yaml')

function rulesFor({ steady, fickle, collector }: World, turn: number): string {
  const emit = turn % 2 === 0 ? '[w3c]' : '[b3, jaeger]'
  return `
listen: [{ address: 127.0.0.1:0 }]
admin: { address: 127.0.0.1:0 }
access-log: { to: ${join(folder, 'access.log')} }
drain: { linger: 0s }
export: [{ otlp: { url: "http://127.0.0.1:${collector}/v1/traces", timeout: 1s } }]
capture: { headers: [accept], body: 1024 }
sampling: { rate: 30%, boost: {} }
upstreams:
  steady: { targets: [{ url: "http://127.0.0.1:${steady}" }], emit: ${emit}, timeouts: { first-byte: 1s } }
  both: { targets: [{ url: "http://127.0.0.1:${steady}" }, { url: "http://127.0.0.1:${fickle}" }] }
  down: { targets: [{ url: "http://127.0.0.1:1" }] }
routes:
  - { match: { path: /fickle }, upstream: both }
  - { match: { path: /down }, upstream: down }
  - { match: { path: /nowhere/** }, upstream: steady }
  - { match: { path: "/{one}" }, upstream: steady }
`
}

const world = await startWorld()
writeFileSync(file, rulesFor(world, 0))
const own = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const child = spawn(
  process.execPath,
  ['--expose-gc', '--import', own('watch.ts'), own('../../src/main.ts'), 'serve', '--rules', file],
  { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] }
)
const log: string[] = []
const samples: Sample[] = []
const [, , stderr, told] = child.stdio
if (!(stderr instanceof Readable) || !(told instanceof Readable)) throw new Error('no pipes')
createInterface(stderr).on('line', line => {
  log.push(line)
  if (log.length > 1000) log.shift()
})
createInterface(told).on('line', line => {
  const sample: Sample = JSON.parse(line)
  samples.push({ ...sample, descriptors: descriptors() })
})

function descriptors(): number {
  try {
    return readdirSync(`/proc/${child.pid}/fd`).length
  } catch {
    return 0
  }
}

async function listening(): Promise<{ port: number; adminUrl: string }> {
  for (;;) {
    const line = log.find(each => each.includes('"message":"listening"'))
    if (line !== undefined) {
      const { listen, admin } = JSON.parse(line)
      return { port: Number(new URL(listen[0]).port), adminUrl: admin }
    }
    if (child.exitCode !== null) throw new Error(`it ended: ${log.join('\n')}`)
    await sleep(50)
  }
}

/** The middle one of a few seconds. */
async function atRest(): Promise<Sample> {
  const from = samples.length
  while (samples.length < from + 5) {
    if (child.exitCode !== null) throw new Error(`it ended: ${log.join('\n')}`)
    await sleep(100)
  }
  return samples[from + 2] ?? {}
}

const { port, adminUrl } = await listening()
const call = async (path: string, method: 'GET' | 'POST' | 'PUT', body: string | null = null) => {
  const answer = await request(`${adminUrl}${path}`, { method, body })
  return { status: answer.statusCode, text: await answer.body.text() }
}
const before = await atRest()

const begun = samples.length
const callers = startCallers(port)
const end = Date.now() + minutes * 60_000
let reloads = 0
while (Date.now() < end && child.exitCode === null) {
  writeFileSync(file, reloads % 7 === 3 ? 'routes: nonsense' : rulesFor(world, reloads))
  if (reloads++ % 2 === 0) child.kill('SIGHUP')
  else await call('/reload', 'POST')
  await call('/metrics', 'GET')
  await call('/api/captures', 'GET')
  await call('/sampling', 'PUT', JSON.stringify({ match: { path: '/ok' }, rate: '50%', for: '5s' }))
  await sleep(1000)
}
const during = samples.slice(begun + Math.floor((samples.length - begun) / 4))
await callers.stop()
// Idle connections to upstreams, time-outs of silent ones, and what an override holds, end within these.
await sleep(10_000)
const after = await atRest()
const { text: metrics } = await call('/metrics', 'GET')

const failures: string[] = []
/** The means of five equal parts, to see whether it comes to rest. */
const fifths = (values: readonly number[]) =>
  [0, 1, 2, 3, 4].map(part => {
    const some = values.slice((part * values.length) / 5, ((part + 1) * values.length) / 5)
    return some.reduce((sum, value) => sum + value, 0) / Math.max(1, some.length)
  })
const show = (name: string, value: number) =>
  name === 'rss' || name === 'heap' || name === 'external'
    ? `${(value / MiB).toFixed(1)} MiB`
    : value.toFixed(1)
process.stdout.write(`${minutes} minutes, ${during.length} samples, ${reloads} reloads\n`)
process.stdout.write(`${[...callers.counts].map(([what, count]) => `${what}: ${count}`).join(', ')}\n`)
for (const [name, allowance] of allowances) {
  const measured = during.map(sample => sample[name] ?? 0)
  const trend = trendOf(measured)
  const verdict = grows(trend, allowance) ? 'GROWS' : 'steady'
  if (verdict === 'GROWS') failures.push(`${name} grows`)
  process.stdout.write(
    `${name.padEnd(12)} ${fifths(measured)
      .map(mean => show(name, mean))
      .join(' ')}; growth ${show(name, trend.growth)} ` +
      `(${trend.significance.toFixed(1)} standard errors), at rest ${show(name, before[name] ?? 0)} → ${show(name, after[name] ?? 0)}: ${verdict}\n`
  )
}
for (const [name, most] of left) {
  const more = (after[name] ?? 0) - (before[name] ?? 0)
  if (more > most) failures.push(`${more} ${name} more than before are left at rest`)
}
for (const name of ['tracebridge_requests_in_flight', 'tracebridge_connections']) {
  const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]
  if (value !== '0') failures.push(`${name} is ${value} at rest`)
}
if (log.some(line => line.includes('a bug'))) failures.push('there was a bug')
child.kill('SIGTERM')
const code = await new Promise(resolve => child.once('exit', resolve))
if (code !== 0) failures.push(`the exit code is ${code}`)
world.close()
rmSync(folder, { recursive: true, force: true })
for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`)
if (failures.length === 0) process.stdout.write('passed\n')
else process.stdout.write(`${log.slice(-20).join('\n')}\n`)
process.exitCode = failures.length === 0 ? 0 : 1
