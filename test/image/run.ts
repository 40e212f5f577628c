// `npm run image:check`: the steps of the Dockerfile in a clean folder, without Docker, and then the image's own
// command as its own user. What it cannot show is the base image: the Node here stands for that.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createTally } from '../tally.ts'
import { until } from '../until.ts'
import { build, clean, placed } from './build.ts'
import { parseDockerfile, type Stage } from './dockerfile.ts'

const context = fileURLToPath(new URL('../../', import.meta.url))
type Manifest = { readonly dependencies: object; readonly devDependencies: object }

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
/** Of all that is started here, on a machine that may be busy with other things. */
const limitMs = 180_000
const { say, holds: holdsWithout, close } = createTally()

function holds(what: string, right: boolean, why = 'it does not'): void {
  holdsWithout(what, right ? [] : [why])
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

function bytesOf(folder: string): number {
  return filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** Memory of a process, for people; Linux alone says it so. */
function residentOf(pid: number | undefined): string {
  const status = `/proc/${pid}/status`
  const kilobytes = existsSync(status) ? /VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] : undefined
  return kilobytes === undefined ? 'unknown' : megabytes(Number(kilobytes) * 1024)
}

/** As in the image where that can be had: another user than the one who owns the files. */
function identity(user: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const [uid = 0, gid = 0] = user.split(':').map(Number)
  return { uid, gid }
}

async function check(): Promise<void> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'tracebridge-image-'))
  chmodSync(folder, 0o755)
  try {
    const stages = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))
    const image = stages.at(-1)
    if (image === undefined) throw new Error('the Dockerfile has no stage')
    for (const { image: from } of stages)
      holds(`${from.split('@')[0]} is pinned by digest`, /@sha256:[0-9a-f]{64}$/.test(from))
    const root = build(stages, { context, folder, node: process.execPath }, say)
    inside(root, image)
    await serve(root, image)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  say('never built with Docker, for which this stands')
}

function inside(root: string, image: Stage): void {
  const app = join(root, 'app')
  const names = readdirSync(app).sort().join(' ')
  holds(`holds what it needs: ${names}`, names === 'LICENSE dist node_modules package.json rules')
  const files = filesBelow(app)
  holds('no compiled addon: one build fits amd64 and arm64', !files.some(file => file.endsWith('.node')))
  holds('no source and no source map', !filesBelow(join(app, 'dist')).some(file => /\.(ts|map)$/.test(file)))
  const manifest: Manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'))
  const modulesOf = (names: object) =>
    Object.keys(names).filter(name => existsSync(join(app, 'node_modules', name)))
  holds(
    'production dependencies, all of them',
    modulesOf(manifest.dependencies).length === Object.keys(manifest.dependencies).length
  )
  holds('no development dependency', modulesOf(manifest.devDependencies).length === 0)
  holds(`runs as ${image.user}, which is not root`, /^[1-9]\d*:[1-9]\d*$/.test(image.user ?? ''))
  holds(
    'has the OCI labels',
    ['title', 'description', 'licenses', 'version', 'revision'].every(name =>
      image.labels.has(`org.opencontainers.image.${name}`)
    )
  )
  const [all, modules, dist] = [app, join(app, 'node_modules'), join(app, 'dist')].map(bytesOf)
  say(
    `       /app is ${megabytes(all ?? 0)} on top of the base image: node_modules ${megabytes(modules ?? 0)}, dist ${megabytes(dist ?? 0)}`
  )
}

async function serve(root: string, image: Stage): Promise<void> {
  const app = join(root, 'app')
  const before = filesBelow(app).length
  for (const file of [
    app,
    ...readdirSync(app, { recursive: true, encoding: 'utf8' }).map(name => join(app, name))
  ]) {
    const stat = statSync(file, { throwIfNoEntry: false })
    if (stat !== undefined) chmodSync(file, stat.mode & 0o555)
  }
  const options = {
    cwd: app,
    env: { ...clean(process.env), ...Object.fromEntries(image.env) },
    ...identity(image.user ?? '')
  }
  const start = (words: readonly string[]) => {
    const [file = '', ...args] = placed(words, process.execPath, root)
    return spawn(file, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL'
    })
  }
  // Port 0 in place of the image's own ports, which may be taken here.
  const gateway = start([
    ...image.entrypoint,
    ...image.command,
    '--listen',
    '127.0.0.1:0',
    '--admin',
    '127.0.0.1:0'
  ])
  const exited = once(gateway, 'close')
  try {
    let printed = ''
    gateway.stdout.on('data', chunk => {
      printed += chunk
    })
    await until(() => printed.includes('Try:'), 'it says where it listens', 60_000)
    const [, url = '', admin = ''] = /listens on (http:\S+?),? .*admin on (http:\S+)/.exec(printed) ?? []
    holds('serves', url !== '')
    const answer = await fetch(`${url}/hello`, {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
    })
    const body = await answer.text()
    holds(
      'curl -H traceparent: the same trace goes on',
      answer.status === 200 && body.includes(`00-${traceId}-`)
    )
    say(`       ${residentOf(gateway.pid)} resident`)
    const health = start((image.health ?? []).map(word => word.replace('http://127.0.0.1:9901', admin)))
    holds('its health check needs no shell and says healthy', (await once(health, 'close'))[0] === 0)
    const smoke = start([...image.entrypoint, 'smoke', url])
    smoke.stdout.resume()
    holds('smoke: every trace is whole', (await once(smoke, 'close'))[0] === 0)
    gateway.kill('SIGTERM')
    holds('SIGTERM ends it with 0', (await exited)[0] === 0)
    const dead = start((image.health ?? []).map(word => word.replace('http://127.0.0.1:9901', admin)))
    holds('its health check says unhealthy of one that is gone', (await once(dead, 'close'))[0] === 1)
    holds('nothing was written beside it, where nothing can be', filesBelow(app).length === before)
  } finally {
    gateway.kill('SIGKILL')
  }
}

try {
  await check()
} catch (error) {
  holds('every step runs', false, error instanceof Error ? error.message : String(error))
}
process.exitCode = close()
