// A gateway under steady load whose collector goes away and comes back: what callers noticed, what memory did, and
// what became of every span.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCollector } from './collector.ts'
import { readMetrics, startGateway } from './gateway.ts'
import { ask, cpuMicroseconds, end, residentMiB, startFile } from './processes.ts'
import { table } from './report/figures.ts'
import { settings as gateways } from './settings.ts'
import type { Steady, SteadyOrder } from './steady.ts'

export type OutageSettings = {
  readonly perSecond: number
  /** How long the collector is away: half of it refusing connections, half of it silent. */
  readonly downMs: number
}

type Phase = Steady & {
  readonly name: string
  readonly leastMiB: number
  readonly mostMiB: number
  /** Of CPU time, for each request. */
  readonly microseconds: number
}

export type Outage = {
  readonly settings: OutageSettings
  readonly phases: readonly Phase[]
  readonly checks: readonly { readonly text: string; readonly holds: boolean }[]
}

/** Until the heap has found its size. */
const warmMs = 15_000
const upMs = 10_000
/** Longer than the longest backoff and the time-out of a try that is under way. */
const recoveryMs = 45_000
/** Node lets a heap grow that nobody bounds; what is kept of a minute at 2,000 requests a second would burst this one. */
const nodeOptions = '--max-old-space-size=64 --max-semi-space-size=16'
const slackMiB = 32

export async function benchOutage(settings: OutageSettings): Promise<Outage> {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-outage-'))
  // Also when a signal ends the bench.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const collector = await startCollector()
  const { child: origin, ports } = await startFile(1, 'upstream.ts')
  const {
    child: gateway,
    port,
    admin
  } = await startGateway(
    folder,
    gateways.at100,
    { upstream: ports.get('upstream') ?? 0, collector: collector.port },
    { nodeOptions }
  )
  const { child: load } = await startFile(1, 'steady.ts')
  const phases: Phase[] = []

  const report = async (order: SteadyOrder) => (await ask(load, order)) as Steady
  /** Watches memory for `ms`, or until it is `over`. */
  const phase = async (name: string, ms: number, over: () => Promise<boolean> = async () => false) => {
    const deadline = performance.now() + ms
    const cpu = cpuMicroseconds(gateway)
    const memory: number[] = []
    do {
      await sleep(Math.min(500, deadline - performance.now()))
      memory.push(residentMiB(gateway))
    } while (performance.now() < deadline && !(await over()))
    const steady = await report({ kind: 'phase' })
    const found = {
      ...steady,
      name,
      leastMiB: Math.min(...memory),
      mostMiB: Math.max(...memory),
      microseconds: (cpuMicroseconds(gateway) - cpu) / (steady.served + steady.failed)
    }
    phases.push(found)
    return found
  }

  const before = await readSpans(admin)
  load.send({ kind: 'start', port, perSecond: settings.perSecond, from: 'due' } satisfies SteadyOrder)
  await phase('warming up', warmMs)
  const up = await phase('collector up', upMs)
  await collector.become('closed')
  await phase('connections refused', settings.downMs / 2)
  await collector.become('silent')
  const silent = await phase('no answers', settings.downMs / 2)
  const during = await readSpans(admin)
  await collector.become('up')
  const back = performance.now()
  const noticed = async () => (await readSpans(admin)).exported > during.exported
  await phase('collector back, not noticed yet', recoveryMs, noticed)
  const noticedMs = performance.now() - back
  await phase('collector up again', upMs / 2)
  const last = await report({ kind: 'stop' })
  const after = await readSpans(admin)
  const gone = once(gateway, 'exit')
  gateway.kill('SIGTERM')
  const [code] = await gone
  await end(origin)
  collector.close()

  const served = last.served + phases.reduce((sum, one) => sum + one.served, 0)
  const failed = last.failed + phases.reduce((sum, one) => sum + one.failed, 0)
  const recorded = after.recorded - before.recorded
  const { exported, rejected, dropped, queued } = after
  return {
    settings,
    phases,
    checks: [
      { text: `of ${served + failed} requests ${failed} failed`, holds: failed === 0 },
      { text: `${recorded} spans were recorded, two for each request`, holds: recorded === 2 * served },
      {
        text: `at the last answer ${after.recorded} recorded = ${exported} exported + ${rejected} rejected + ${dropped} dropped + ${queued} queued`,
        holds: after.recorded === exported + rejected + dropped + queued
      },
      {
        text: `${collector.taken()} are at the collector after the end: recorded less dropped`,
        holds: collector.taken() === after.recorded - dropped
      },
      {
        text: `the circuit was open, ${during.queued} spans waited, ${during.dropped} had been dropped`,
        holds: during.open && during.queued <= 8192
      },
      {
        text: `the collector was back for ${(noticedMs / 1000).toFixed(1)} s before it was noticed`,
        holds: noticedMs < recoveryMs
      },
      {
        text: `memory without a collector: at most ${slackMiB} MiB above that with one`,
        holds: silent.mostMiB <= up.mostMiB + slackMiB
      },
      { text: `the gateway ended with ${code}`, holds: code === 0 }
    ]
  }
}

/** A table and the checks, for people. */
export function outageText({ settings, phases, checks }: Outage): string {
  const { perSecond, downMs } = settings
  // Two spans a request, of 0.6 KiB each.
  const kept = Math.round((perSecond * 2 * downMs * 0.6) / 1000 / 1024)
  const rows = phases.map(one => [
    one.name,
    String(one.served + one.failed),
    ...[one.p50, one.p99, one.most].map(ms => ms.toFixed(1)),
    one.microseconds.toFixed(0),
    `${one.leastMiB.toFixed(0)} to ${one.mostMiB.toFixed(0)}`
  ])
  return `${perSecond} requests a second, all traces kept, the collector away for ${downMs / 1000} s. A time runs from when the request was due;
where the machine does other work meanwhile, only the CPU time can be compared.
The gateway runs with \`${nodeOptions}\`; all spans of the outage would be ${kept} MiB.

${table([['phase', 'requests', 'p50 ms', 'p99 ms', 'longest ms', 'CPU µs a request', 'resident MiB'], ...rows])}

${checks.map(({ text, holds }) => `- ${holds ? '' : '**does not hold:** '}${text}`).join('\n')}`
}

async function readSpans(admin: number) {
  const samples = await readMetrics(admin)
  const sum = (name: string, label = '') => {
    let total = 0
    for (const [series, value] of samples)
      if (series.startsWith(`${name}{`) && series.includes(label)) total += value
    return total
  }
  return {
    recorded: sum('tracebridge_spans_recorded_total'),
    exported: sum('tracebridge_spans_total', 'outcome="exported"'),
    rejected: sum('tracebridge_spans_total', 'outcome="rejected"'),
    dropped: sum('tracebridge_spans_total', 'outcome="dropped"'),
    queued: sum('tracebridge_spans_queued'),
    open: sum('tracebridge_exporter_circuit_open') === 1
  }
}
