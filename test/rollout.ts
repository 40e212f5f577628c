// A rollout as a gateway sees it: one upstream, a target for each tag, and traffic to all of them.

import { createServer } from 'node:http'
import { Pool } from 'undici'
import type { Teardown } from './running.ts'
import { serveFor } from './served.ts'

/** What a target does with a request. */
export type Behaviour = {
  /** Milliseconds until it answers. */
  readonly latency: () => number
  readonly status?: () => number
  /** Of gRPC: a number, in an answer that is all header. */
  readonly grpc?: () => string
}

/** Targets by the `service.tag` that they get. */
export type Targets = Readonly<Record<string, Behaviour>>

/** The rules of a gateway in front of them: an equal share for each, one route, `orders`. */
export async function rolloutRules(t: Teardown, targets: Targets): Promise<string> {
  const lines: string[] = []
  for (const [tag, behaviour] of Object.entries(targets)) {
    const url = await startTarget(t, behaviour)
    lines.push(`      - { url: "${url}", weight: 1, tags: { service.tag: ${tag}, version: "1" } }`)
  }
  return `
upstreams:
  orders:
    targets:
${lines.join('\n')}
routes: [{ name: orders, match: { path: /** }, upstream: orders }]
`
}

async function startTarget(t: Teardown, { latency, status = () => 200, grpc }: Behaviour): Promise<string> {
  const fields = () =>
    grpc === undefined ? {} : { 'content-type': 'application/grpc', 'grpc-status': grpc() }
  const server = createServer((_, response) => {
    setTimeout(() => response.writeHead(status(), fields()).end('ok'), latency())
  })
  const port = await serveFor(t, server)
  return `http://127.0.0.1:${port}`
}

/** Sends requests, so many at once, until `enough` says so. */
export async function send(url: string, enough: (sent: number) => boolean, atOnce = 64): Promise<void> {
  const pool = new Pool(url, { connections: atOnce })
  let sent = 0
  const worker = async () => {
    while (!enough(sent)) {
      sent++
      const { body } = await pool.request({ path: '/', method: 'GET' })
      await body.dump()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  await pool.close()
}
