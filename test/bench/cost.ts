// What a request costs a contender: CPU time of its processes, in interleaved rounds, each under the same load.
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Order, Served } from './load.ts'
import type { Load } from './loads.ts'
import type { Cost } from './numbers.ts'
import { ask, cpuMicroseconds, residentMiB } from './processes.ts'
import type { Stage } from './stage.ts'

export type Contender = {
  readonly name: string
  readonly child: ChildProcess
  readonly port: number
  /** Of the gateway alone. */
  readonly admin?: number
  /** After a round, until the spans of its last requests are gone too. */
  readonly settleMs?: number
}

export type Cell = { readonly contender: Contender; readonly load: Load }

export type Rounds = {
  readonly rounds: number
  /** Of the requests of a load: 1 for all. */
  readonly share: number
  /** No further round begins after so long, once there is one. */
  readonly budgetMs: number
}

/** The longest that one load may take. */
const loadMs = 20_000

/** Of the requests of a round, to warm up. */
const warmShare = 0.5
/** So many are to fit into the budget, by smaller ones where the machine is slow. */
const leastRounds = 4

/** One cost for each cell, in their order; one whose requests failed says why, and takes part no longer. */
export async function measure(
  loader: ChildProcess,
  cells: readonly Cell[],
  { rounds, share, budgetMs }: Rounds
): Promise<readonly Cost[]> {
  const costs = cells.map(
    ({ contender, load }): Writable => ({
      ...{ contender: contender.name, load: load.name },
      ...{ microseconds: [], perSecond: [], mib: 0 }
    })
  )
  async function serveAll(of: number, counted: boolean): Promise<void> {
    for (const [i, cell] of cells.entries()) {
      const cost = costs[i]
      if (cost !== undefined && cost.failed === undefined) await serve(loader, cell, of, cost, counted)
    }
  }
  const begin = performance.now()
  await serveAll(share * warmShare, false)
  const warmMs = performance.now() - begin
  const fits = Math.min(1, budgetMs / (leastRounds + warmShare) / (warmMs / warmShare))
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() - begin > budgetMs) break
    await serveAll(share * fits, true)
  }
  return costs
}

type Writable = { -readonly [Key in keyof Cost]: Cost[Key] extends readonly number[] ? number[] : Cost[Key] }

/** One cell of one round. */
async function serve(
  loader: ChildProcess,
  { contender, load }: Cell,
  share: number,
  cost: Writable,
  counted: boolean
) {
  const requests = Math.max(load.connections, Math.round(load.requests * share))
  const order: Order = { port: contender.port, load: { ...load, requests }, milliseconds: loadMs }
  const before = cpuMicroseconds(contender.child)
  const { served, failed, milliseconds, why } = (await ask(loader, order)) as Served
  if (failed > 0 || served === 0) {
    cost.failed = `${failed} of ${failed + served} requests failed: ${why}`
    return
  }
  if (contender.settleMs !== undefined) await sleep(contender.settleMs)
  if (!counted) return
  cost.microseconds.push((cpuMicroseconds(contender.child) - before) / served)
  cost.perSecond.push((served * 1000) / milliseconds)
  cost.mib = residentMiB(contender.child)
}

/** What load and upstream take together of the other core for a request, with no proxy between them: microseconds. */
export async function measureAround(
  { loader, origin, behind }: Stage,
  load: Load,
  rounds: number
): Promise<readonly number[]> {
  const both = () => cpuMicroseconds(loader) + cpuMicroseconds(origin)
  const values: number[] = []
  for (let round = -1; round < rounds; round++) {
    const before = both()
    const order: Order = { port: behind.upstream, load, milliseconds: loadMs }
    const { served } = (await ask(loader, order)) as Served
    if (round >= 0) values.push((both() - before) / served)
  }
  return values
}
