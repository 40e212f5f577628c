// `tracebridge compare`: both sides of a rollout beside each other, for people who watch one. It judges nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { comparisonOf } from '../gate/compare.ts'
import { repeatedIn, type Sides } from '../gate/snapshot.ts'
import { type Counted, periodOf } from '../gate/tally.ts'
import { parseDuration } from '../rules/values.ts'
import { comparisonText } from './figures.ts'
import { basesOf, sidesOf } from './gate-flags.ts'
import type { Io } from './io.ts'
import { countedBetween, type Sound, tagsNote } from './looks.ts'
import { adminSource, type Taken } from './source.ts'
import { helpFlag, readFlags, refuse } from './usage.ts'

export const summary = 'show traffic, errors and latencies of two versions beside each other'

export const help = `tracebridge compare: ${summary}

Usage: tracebridge compare --admin URL [--route NAME] [flags]

  --admin URL            the admin address of a gateway; repeat it for every replica
  --route NAME           one route of the rules (default: all together)
  --baseline TAG=VALUE   by a tag of targets in the rules (default service.tag=base)
  --candidate TAG=VALUE  (default service.tag=gray)
  --window TIME          how long to count (default 10s)
  --token TOKEN          a bearer token to show (or TRACEBRIDGE_TOKEN in the environment)
  --json                 one JSON object instead of the table
  -h, --help             this text

It counts what passes in that time, and shows in brackets from where to where each number may be (95 %).

  tracebridge compare --admin http://127.0.0.1:9901 --route orders.get --window 1m

Exit code: 0, 2 wrong usage, or nothing that can be told apart, 4 a gateway that does not answer.
`

const options = {
  admin: { type: 'string', multiple: true },
  route: { type: 'string' },
  baseline: { type: 'string', default: 'service.tag=base' },
  candidate: { type: 'string', default: 'service.tag=gray' },
  window: { type: 'string', default: '10s' },
  token: { type: 'string' },
  json: { type: 'boolean', default: false },
  ...helpFlag
} as const

const routesShown = 20

/** Runs for `--window`. */
export async function compare(argv: readonly string[], io: Io, signal: AbortSignal): Promise<number> {
  const flags = readFlags(argv, options, io, 'compare', help)
  if ('code' in flags) return flags.code
  const { values, positionals } = flags
  if (positionals.length > 0) return refuse(io, 'compare', 'takes no arguments, only flags')
  const sides = sidesOf(values.baseline, values.candidate)
  if ('complaint' in sides) return refuse(io, 'compare', sides.complaint)
  const bases = basesOf(values.admin ?? [])
  if ('complaint' in bases) return refuse(io, 'compare', bases.complaint)
  if (bases.length === 0) return refuse(io, 'compare', 'expects --admin URL, which may be repeated')
  const window = parseDuration(values.window)
  if (window === undefined || window === 0) {
    return refuse(io, 'compare', '--window expects a time such as 10s')
  }

  const source = adminSource(bases, values.token ?? io.env['TRACEBRIDGE_TOKEN'])
  const from = performance.now()
  const first = await source.take(signal)
  if (!('unreachable' in first)) await sleep(window, undefined, { signal }).catch(() => {})
  const last = 'unreachable' in first ? first : await source.take(signal)
  const counted = countedIn(first, last, sides, values.route)
  if ('unreachable' in counted || 'wrong' in counted) {
    const [reason, code] = 'wrong' in counted ? [counted.wrong, 2] : [counted.unreachable, 4]
    io.stderr(`tracebridge compare: ${reason}\n`)
    return code
  }
  const seconds = (performance.now() - from) / 1000
  const comparison = comparisonOf(periodOf(counted.all), values.route ?? null, seconds, counted.scale)
  io.stdout(
    values.json
      ? `${JSON.stringify(comparison, null, 2)}\n`
      : comparisonText(comparison, [sides.baseline.text, sides.candidate.text])
  )
  for (const note of counted.notes) io.stderr(`tracebridge compare: ${note}\n`)
  return 0
}

type InTime =
  | {
      readonly all: readonly Counted[]
      readonly scale: Sound['scale']
      readonly notes: readonly string[]
    }
  | { readonly wrong: string }
  | { readonly unreachable: string }

function countedIn(first: Taken, last: Taken, sides: Sides, route: string | undefined): InTime {
  if ('unreachable' in first) return first
  if ('unreachable' in last) return last
  const doubt = [first, last]
    .flatMap(({ snapshots }) => snapshots)
    .find(one => one.doubt !== undefined)?.doubt
  if (doubt !== undefined) return { wrong: doubt }
  const repeated = repeatedIn(last.snapshots)
  if (repeated !== undefined) return { wrong: `${repeated} is a gateway that is named twice` }
  const counted = countedBetween(first, last, sides)
  if ('restarted' in counted) return { wrong: counted.restarted }
  if ('wrong' in counted) return counted
  const notes = [...tagsNote(last, sides), ...routesNote(last, route)]
  return { all: counted.all, scale: last.scale, notes }
}

/** A route that never had a request may be misspelt: tells which ones had. */
function routesNote({ snapshots }: Sound, route: string | undefined): string[] {
  const seen = new Set(snapshots.flatMap(({ series }) => [...series.values()].map(one => one.route)))
  if (route === undefined || seen.has(route) || seen.size === 0) return []
  return [`routes that served: ${[...seen].slice(0, routesShown).join(', ')}`]
}
