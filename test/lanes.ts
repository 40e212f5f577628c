// Many rollouts at once through one gateway, each in a lane of its own: an upstream with targets that sleep for a drawn
// time, and callers that are mostly asleep with them. On plain sockets, so that the cores are the gateway's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenOn } from '../src/listen.ts'
import { type ServingChild, startServing } from './child.ts'
import type { Teardown } from './running.ts'

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A target whose every answer takes so many milliseconds. */
async function startSleeper(t: Teardown, latency: () => number): Promise<number> {
  const server = createServer(socket => {
    socket.setNoDelay()
    socket.on('error', () => {})
    // A connection carries one request at a time, which has no body: a chunk is a request.
    socket.on('data', () => setTimeout(() => socket.write(answer), latency()))
  })
  t.teardown(() => server.close())
  return await listenOn(server, '127.0.0.1', 0)
}

/** A gateway in a process of its own with so many lanes; `latencies` are those of the targets by `service.tag`. */
export async function startLanes(
  t: Teardown,
  lanes: number,
  latencies: Readonly<Record<string, () => number>>
): Promise<ServingChild> {
  const targets: (readonly [tag: string, port: number])[] = []
  for (const [tag, latency] of Object.entries(latencies)) targets.push([tag, await startSleeper(t, latency)])
  const numbers = Array.from({ length: lanes }, (_, lane) => lane)
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  const target = ([tag, port]: readonly [string, number], lane: number) =>
    `      - { url: "http://127.0.0.1:${port}", tags: { service.tag: ${tag}, lane: "${lane}" } }\n`
  writeFileSync(
    file,
    `access-log: { to: none }
upstreams:
${numbers.map(lane => `  lane${lane}:\n    targets:\n${targets.map(one => target(one, lane)).join('')}`).join('')}
routes:
${numbers.map(lane => `  - { name: lane${lane}, match: { path: /${lane} }, upstream: lane${lane} }\n`).join('')}`
  )
  return await startServing(t, ['--rules', file])
}

/** So many callers of each lane, each of which asks again as soon as it has its answer. Call it to stop them. */
export function startCallers(port: number, lanes: number, each: number): () => void {
  const sockets = new Set<Socket>()
  let over = false
  function call(question: string): void {
    const socket = connect(port, '127.0.0.1')
    sockets.add(socket)
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('connect', () => socket.write(question))
    socket.on('data', chunk => {
      // An answer is small, but may come in two pieces all the same; it ends with its body.
      if (chunk[chunk.length - 1] === 0x6b) socket.write(question)
    })
    // The gateway ends a connection after so many requests.
    socket.on('close', () => {
      sockets.delete(socket)
      if (!over) call(question)
    })
  }
  for (let i = 0; i < lanes * each; i++) call(`GET /${i % lanes} HTTP/1.1\r\nHost: lanes\r\n\r\n`)
  return () => {
    over = true
    for (const socket of sockets) socket.destroy()
  }
}
