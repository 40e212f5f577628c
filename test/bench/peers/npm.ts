// The proxies that are npm packages, each in a process of its own: undici and http-proxy-3, which the gateway has anyway, and
// @fastify/http-proxy, whose packages are apart from ours in this folder, and installed here when they are not.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startFile } from '../processes.ts'
import type { Found, Peer, Running } from './peer.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const installLimitMs = 120_000

function modified(file: string): number {
  return statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** None of these packages needs its scripts, and none of what is optional. */
function installed(): boolean {
  if (modified('node_modules/.package-lock.json') > modified('package-lock.json')) return true
  const args = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--loglevel=error']
  return (
    spawnSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: installLimitMs })
      .status === 0
  )
}

function versionIn(path: string): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(path, 'utf8'))
  return version
}

async function startPeer(file: string, upstream: number): Promise<Running> {
  const { child, ports } = await startFile(0, `peers/${file}`, [`${upstream}`])
  return { child, port: ports.get('port') ?? 0 }
}

export const undici: Peer = {
  name: 'node:http to undici',
  settings: 'one process, a pool of 256 connections, `pipelining: 1`; a pipe of 40 lines',
  find: () => ({ version: versionIn(fileURLToPath(import.meta.resolve('undici/package.json'))) }),
  start: upstream => startPeer('undici.ts', upstream)
}

export const httpProxy3: Peer = {
  name: 'http-proxy-3',
  settings: 'one process, an agent with `keepAlive` and 256 sockets',
  find: () => ({ version: versionIn(fileURLToPath(import.meta.resolve('http-proxy-3/package.json'))) }),
  start: upstream => startPeer('http-proxy-3.ts', upstream)
}

export const fastify: Peer = {
  name: '@fastify/http-proxy',
  settings: 'one process, fastify without a logger, undici with 256 connections, `pipelining: 1`',
  find: (): Found => {
    if (!installed()) return { missing: 'npm could not install it' }
    const [proxy, frame] = ['@fastify/http-proxy', 'fastify'].map(name =>
      versionIn(`${folder}node_modules/${name}/package.json`)
    )
    return { version: `${proxy}, fastify ${frame}` }
  },
  start: upstream => startPeer('fastify.js', upstream)
}
