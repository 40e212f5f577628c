// Starts the gateway as its users do, with rules for the bench.
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { listen } from './listen.ts'
import { start } from './processes.ts'

export type RunningGateway = { readonly child: ChildProcess; readonly port: number; readonly admin: number }

const command = fileURLToPath(new URL('../../bin/tracebridge', import.meta.url))

/** `rate` is the share of requests whose spans are exported: 0 to 100, in percent. `nodeOptions`: NODE_OPTIONS. */
export async function startGateway(
  folder: string,
  rate: number,
  upstream: number,
  collector: number,
  nodeOptions = ''
): Promise<RunningGateway> {
  const [port, admin] = [await freePort(), await freePort()]
  const file = join(folder, `rate-${rate}.yaml`)
  writeFileSync(
    file,
    `service: { name: bench }
listen: [{ address: 127.0.0.1:${port} }]
admin: { address: 127.0.0.1:${admin} }
accept: [w3c, b3, jaeger]
emit: [w3c, b3]
sampling: { rate: ${rate}%, parent: ignore }
export: [{ otlp: { url: http://127.0.0.1:${collector}/v1/traces } }]
access-log: { to: none }
upstreams: { orders: { targets: [{ url: http://127.0.0.1:${upstream} }] } }
routes: [{ match: { path: "/orders/{id}" }, upstream: orders }]
`
  )
  const child = start(0, 'env', [`NODE_OPTIONS=${nodeOptions}`, command, 'serve', '--rules', file])
  await answering(port, child)
  return { child, port, admin }
}

/** Every sample of the gateway's own metrics, by its name and labels. */
export async function readMetrics(admin: number): Promise<ReadonlyMap<string, number>> {
  const answer = await request(`http://127.0.0.1:${admin}/metrics`)
  const samples = new Map<string, number>()
  // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
  for (const line of (await answer.body.text()).split('\n')) {
    const [, series, value] = /^([^#].*) (\S+)$/.exec(line) ?? []
    if (series !== undefined) samples.set(series, Number(value))
  }
  return samples
}

/** Spans by their outcome. */
export async function spanOutcomes(admin: number): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>()
  for (const [series, count] of await readMetrics(admin)) {
    const [, outcome] = /^tracebridge_spans_total\{.*\boutcome="(\w+)"/.exec(series) ?? []
    if (outcome !== undefined) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  }
  return outcomes
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline && child.exitCode === null) {
    try {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/orders/1`)
      await body.dump()
      if (statusCode === 200) return
    } catch {
      // Not yet.
    }
    await sleep(50)
  }
  throw new Error('the gateway did not begin to answer')
}
