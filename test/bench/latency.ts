// How long answers take at a rate that every contender can serve.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from './cost.ts'
import type { Latency } from './numbers.ts'
import { ask, end, residentMiB, startFile } from './processes.ts'
import type { Steady, SteadyOrder } from './steady.ts'

export type LatencySettings = {
  readonly rounds: number
  readonly perSecond: number
  /** Of one contender in one round, after a second to warm up. */
  readonly milliseconds: number
}

const warmMs = 1000

export async function benchLatency(
  contenders: readonly Contender[],
  { rounds, perSecond, milliseconds }: LatencySettings
): Promise<readonly Latency[]> {
  const found = contenders.map(contender => ({
    contender,
    p50: [] as number[],
    p99: [] as number[],
    mib: 0,
    failed: 0
  }))
  for (let round = 0; round < rounds; round++) {
    for (const one of found) {
      const { child: load } = await startFile(1, 'steady.ts')
      const order: SteadyOrder = { kind: 'start', port: one.contender.port, perSecond, from: 'sent' }
      load.send(order)
      await sleep(warmMs)
      await ask(load, phase)
      await sleep(milliseconds)
      const { p50, p99, failed } = (await ask(load, phase)) as Steady
      await end(load)
      one.p50.push(p50)
      one.p99.push(p99)
      one.failed += failed
      one.mib = residentMiB(one.contender.child)
    }
  }
  return found.map(({ contender, ...rest }) => ({ contender: contender.name, ...rest }))
}

const phase: SteadyOrder = { kind: 'phase' }
