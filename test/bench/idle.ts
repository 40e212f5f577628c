// What idle connections cost: `node test/bench/idle.ts [number]`, or as a part of the bench. Each has had one request
// answered, and is kept. Needs a limit of open files above the number (ulimit -n).
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { measure, type Rounds } from './cost.ts'
import { loads } from './loads.ts'
import type { Curve, Idle } from './numbers.ts'
import { ask, cpuMicroseconds, end, residentMiB, startFile } from './processes.ts'
import { idleText } from './report/growth.ts'
import { settings } from './settings.ts'
import { createStage, type Stage } from './stage.ts'

/** Time to collect what was only for the requests. */
const restMs = 5000
const watchMs = 4000

/** Milliseconds of CPU time in a second. */
async function cpuOf(child: ChildProcess): Promise<number> {
  const before = cpuMicroseconds(child)
  await sleep(watchMs)
  return (cpuMicroseconds(child) - before) / watchMs
}

/** On a gateway of its own: first what they cost while nobody asks, then what a request costs beside them. */
export async function benchIdle(stage: Stage, connections: number, rounds: Rounds): Promise<Idle> {
  const contender = await stage.gateway(settings.at30)
  const { child, port } = contender
  const { child: holder } = await startFile(1, 'holder.ts')
  const cell = { contender, load: loads.small }
  try {
    await sleep(1000)
    const beforeMiB = residentMiB(child)
    const restCpu = await cpuOf(child)
    const { held } = (await ask(holder, { port, connections })) as { readonly held: number }
    await sleep(restMs)
    const idleCpu = await cpuOf(child)
    const mib = residentMiB(child)
    const [beside] = await measure(stage.loader, [cell], rounds)
    await end(holder)
    const [alone] = await measure(stage.loader, [cell], rounds)
    const points: Curve['points'] = [
      ...(alone === undefined ? [] : [{ at: 0, label: '0', cost: alone }]),
      ...(beside === undefined ? [] : [{ at: held, label: held.toLocaleString('en'), cost: beside }])
    ]
    const curve = { name: 'idle connections', what: 'connections on which nobody asks', points }
    return { connections: held, beforeMiB, mib, restCpu, idleCpu, curve }
  } finally {
    await end(holder)
    await stage.clear()
  }
}

if (import.meta.main) {
  const stage = await createStage()
  const asked = Number(process.argv[2] ?? 10_000)
  const found = await benchIdle(stage, asked, { rounds: 3, share: 0.5, budgetMs: 20_000 })
  process.stdout.write(`${idleText(found)}\n`)
  await stage.close()
  process.exit()
}
