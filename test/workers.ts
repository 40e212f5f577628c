// A gateway with workers as people start it, and its processes by what the system knows of them.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { type ServingChild, startServing } from './child.ts'
import { type Origin, startOrigin } from './origin.ts'
import { connectRaw, type RawClient, requestOf } from './raw.ts'
import type { Teardown } from './running.ts'
import { wires } from './wires.ts'

/** Their process ids. */
export function workersOf(pid: number | undefined): readonly number[] {
  const table = existsSync('/proc/self/stat')
    ? processTable()
    : execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return table.split('\n').flatMap(line => {
    const [child, parent] = line.trim().split(/ +/).map(Number)
    return child !== undefined && parent === pid ? [child] : []
  })
}

/** As `ps` shows it, which not every machine has: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function processTable(): string {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        // The name before it may hold anything, a bracket too.
        const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
        return `${pid} ${parent}`
      } catch {
        return ''
      }
    })
    .join('\n')
}

/** Connections of callers that a process has on this port. */
export function connectionsOf(pid: number, port: number): number {
  const held = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? []
      } catch {
        return []
      }
    })
  )
  // https://docs.kernel.org/networking/proc_net_tcp.html: 01 is a connection, 0A a listener.
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n').slice(1)
  return rows.filter(row => {
    const columns = row.trim().split(/ +/)
    return columns[1]?.endsWith(local) && columns[3] === '01' && held.has(columns[9] ?? '')
  }).length
}

export type World = ServingChild & {
  readonly origin: Origin
  readonly write: (yaml: string) => void
  readonly reload: () => Promise<{ readonly status: number; readonly text: string }>
}

/** A whole answer. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** `/slow` is answered when the test says so, everything else at once. */
export async function startWorkers(t: Teardown, more: string, flags: readonly string[] = []): Promise<World> {
  const origin = await startOrigin(t, ({ start }) => (start.includes('/slow') ? undefined : ok))
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  const write = (yaml: string) => {
    writeFileSync(
      file,
      `${yaml}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
`
    )
  }
  write(more)
  const child = await startServing(t, ['--rules', file, ...flags])
  const reload = async () => {
    const answer = await request(`${child.adminUrl}/reload`, { method: 'POST' })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
  return { ...child, origin, write, reload }
}

export const quiet = 'access-log: { to: none }\n'
export const all = 'routes: [{ name: all, match: { path: /** }, upstream: origin }]\n'

/** So many connections, each of which has had an answer. */
export async function connected(
  t: Teardown,
  port: number,
  count: number,
  path = '/'
): Promise<readonly RawClient[]> {
  const clients: RawClient[] = []
  for (let i = 0; i < count; i++) {
    const client = await connectRaw(t, port)
    client.send(requestOf({ path, fields: wires.b3.write('1'.repeat(32), '2'.repeat(16), 'keep') }))
    clients.push(client)
  }
  for (const client of clients) await client.answer()
  return clients
}
