// CPU time per request of the gateway beside a bare pipe and http-proxy-3, in one run, in interleaved rounds.
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Figure, figure, formatFigure, table } from './figures.ts'
import { spanOutcomes, startGateway } from './gateway.ts'
import type { Order, Served } from './load.ts'
import { cpuMicroseconds, end, message, startFile } from './processes.ts'

export type ProxySettings = {
  readonly rounds: number
  readonly requests: number
  readonly connections: number
}

type Contender = {
  readonly name: string
  readonly child: ChildProcess
  readonly port: number
  readonly admin: number | undefined
  /** Microseconds of CPU per request, one per round. */
  readonly cost: number[]
}

export type ProxyRow = {
  readonly name: string
  readonly microseconds: Figure
  /** Times the pipe's cost of the same round. */
  readonly ratio: Figure
  /** Spans by outcome, over the whole run; undefined for who makes none. */
  readonly spans: ReadonlyMap<string, number> | undefined
}

/** Longer than a pipeline keeps a batch, so that a round pays for all of its spans. */
const settleMs = 1200
const rates = [0, 30, 100]

export async function benchProxies(settings: ProxySettings): Promise<readonly ProxyRow[]> {
  const children: ChildProcess[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-bench-'))
  // Also when a signal ends the bench.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    const { child: origin, ports } = await startFile(1, 'upstream.ts')
    children.push(origin)
    const upstream = ports.get('upstream') ?? 0
    const contenders: Contender[] = []
    for (const [name, file] of [
      ['bare pipe', 'pipe.ts'],
      ['http-proxy-3', 'peer.ts']
    ] as const) {
      const { child, ports } = await startFile(0, file, [`${upstream}`])
      children.push(child)
      contenders.push({ name, child, port: ports.get('port') ?? 0, admin: undefined, cost: [] })
    }
    for (const rate of rates) {
      const { child, port, admin } = await startGateway(folder, rate, upstream, ports.get('collector') ?? 0)
      children.push(child)
      contenders.push({ name: `tracebridge, spans at ${rate} %`, child, port, admin, cost: [] })
    }
    const { child: load } = await startFile(1, 'load.ts')
    children.push(load)
    await rounds(contenders, load, settings)
    return await rows(contenders)
  } finally {
    await Promise.all(children.map(end))
  }
}

async function rounds(
  contenders: readonly Contender[],
  load: ChildProcess,
  settings: ProxySettings
): Promise<void> {
  const { requests, connections } = settings
  // The first round warms up, and is not counted.
  for (let round = -1; round < settings.rounds; round++) {
    const before = contenders.map(({ child }) => cpuMicroseconds(child))
    for (const { name, port } of contenders) {
      const order: Order = { port, requests, connections, milliseconds: 30_000 }
      load.send(order)
      const { served, failed } = (await message(load)) as Served
      if (failed > 0 || served !== requests)
        throw new Error(`${name}: ${failed} of ${requests} requests failed`)
    }
    await sleep(settleMs)
    for (const [i, { child, cost }] of contenders.entries()) {
      if (round >= 0) cost.push((cpuMicroseconds(child) - (before[i] ?? 0)) / requests)
    }
  }
}

async function rows(contenders: readonly Contender[]): Promise<readonly ProxyRow[]> {
  const pipe = contenders[0]?.cost ?? []
  const found: ProxyRow[] = []
  for (const { name, cost, admin } of contenders) {
    const ratio = figure(cost.map((microseconds, round) => microseconds / (pipe[round] ?? Number.NaN)))
    const spans = admin === undefined ? undefined : await spanOutcomes(admin)
    found.push({ name, microseconds: figure(cost), ratio, spans })
  }
  return found
}

/** A table for people. */
export function proxyTable(rows: readonly ProxyRow[]): string {
  return table([
    ['proxy', 'CPU µs per request', 'times the pipe', 'spans'],
    ...rows.map(({ name, microseconds, ratio, spans }) => [
      name,
      formatFigure(microseconds, 1),
      formatFigure(ratio, 2),
      spans === undefined
        ? ''
        : [...spans].map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'none'
    ])
  ])
}
