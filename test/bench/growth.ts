// What a request costs as one thing grows: routes, dialects, header fields, the answer's bytes, workers.
import { type Cell, type Contender, measure, type Rounds } from './cost.ts'
import { loads, withAnswer, withFields } from './loads.ts'
import type { Curve } from './numbers.ts'
import { settings, withDialects, withRoutes } from './settings.ts'
import type { Stage } from './stage.ts'

type Point = { readonly at: number; readonly label: string; readonly cell: Cell; readonly pipe?: Cell }
type Growth = {
  readonly name: string
  readonly what: string
  readonly points: (stage: Stage) => Promise<readonly Point[]>
}

const KiB = 1024

/** The rules grow, the load does not. */
async function byRules<T>(
  values: readonly T[],
  at: (value: T) => number,
  make: (value: T) => Promise<Contender>
) {
  const points: Point[] = []
  for (const value of values) {
    const cell = { contender: await make(value), load: loads.small }
    points.push({ at: at(value), label: at(value).toLocaleString('en'), cell })
  }
  return points
}

/** The load grows, for the gateway and for the pipe. */
async function byLoad(stage: Stage, values: readonly number[], make: (value: number) => Cell['load']) {
  const contender = await stage.gateway(settings.at30)
  const pipe = await stage.pipe()
  return values.map(at => {
    const load = make(at)
    return { at, label: sizeOf(at), cell: { contender, load }, pipe: { contender: pipe, load } }
  })
}

/** Multiples of 1,024 are bytes. */
function sizeOf(value: number): string {
  if (value % KiB !== 0) return `${value}`
  return value < KiB * KiB ? `${value / KiB} KiB` : `${value / KiB / KiB} MiB`
}

const growths: readonly Growth[] = [
  {
    name: 'routes',
    what: 'routes in the rules; the one that is asked for is the last',
    points: stage => byRules([10, 1_000, 10_000], Number, count => stage.gateway(withRoutes(count)))
  },
  {
    name: 'dialects',
    what: 'dialects accepted, and as many emitted, but that of b3multi and sofa only one; the caller brings w3c',
    points: stage => byRules([1, 2, 4, 8, 14], Number, count => stage.gateway(withDialects(count)))
  },
  {
    name: 'header fields',
    what: 'fields of a request',
    points: stage => byLoad(stage, [8, 32, 90], withFields)
  },
  {
    name: 'bytes of the answer',
    what: 'bytes of the body that the upstream answers with',
    points: stage => byLoad(stage, [100, 4 * KiB, 64 * KiB, KiB * KiB], withAnswer)
  }
]

export async function benchGrowth(
  stage: Stage,
  rounds: Rounds,
  say: (text: string) => void
): Promise<Curve[]> {
  const curves: Curve[] = []
  for (const { name, what, points } of growths) {
    say(`growth: ${name}`)
    const planned = await points(stage)
    const cells = planned.map(({ cell }) => cell)
    const pipes = planned.flatMap(({ pipe }) => pipe ?? [])
    const costs = await measure(stage.loader, [...cells, ...pipes], rounds)
    curves.push({
      name,
      what,
      points: planned.flatMap(({ at, label }, i) => {
        const [cost, pipe] = [costs[i], costs[cells.length + i]]
        if (cost === undefined) return []
        return [pipe === undefined ? { at, label, cost } : { at, label, cost, pipe }]
      })
    })
    await stage.clear()
  }
  return curves
}

/** One worker on one core, two on both, where load and upstream are too: its throughput says little, its CPU time does. */
export async function benchWorkers(stage: Stage, rounds: Rounds): Promise<Curve> {
  const counts = [1, 2]
  const load = { ...loads.small, connections: 64 }
  const cells: Cell[] = []
  for (const workers of counts)
    cells.push({
      contender: await stage.gateway(settings.at30, { workers, core: workers === 1 ? 0 : 'all' }),
      load
    })
  const costs = await measure(stage.loader, cells, rounds)
  await stage.clear()
  return {
    name: 'workers',
    what: `workers; two use both cores, beside the load and the upstream, so that their throughput here says little. What can be
compared is the CPU time of a request, of the supervisor and all workers together: where it stays the same, two cores
serve twice as much`,
    points: costs.map((cost, i) => ({ at: counts[i] ?? 0, label: `${counts[i]}`, cost }))
  }
}
