// What passed between whom: callers, this gateway, upstreams by the tags of their targets, and the targets. Exact counts
// since the start and of the last minutes, bounded in number. It is counted here and shown by map.ts.
import type { Route, Tags } from '../rules/rules.ts'
import type { UpstreamTarget } from '../rules/upstream.ts'
import { add } from '../sketch/bins.ts'
import { indexOf } from '../sketch/scale.ts'
import { countAnswer, countArrival } from './breaks.ts'
import { type Caller, callerOf } from './caller.ts'
import { addFlow, emptyFlow, type Flow, minuteOf, type Stretch, stretchOf } from './flow.ts'
import { isServerError } from './grpc.ts'
import { hasFailed } from './late.ts'
import { type AttemptOutcome, answeredAfter, attemptTook, type Outcome } from './outcome.ts'

/** Targets of one upstream that are of one release; '' for what they have no tag of. */
type UpstreamPlace = {
  readonly kind: 'upstream'
  readonly name: string
  readonly serviceTag: string
  readonly version: string
}

/** Where requests came from, or went to. */
export type Place =
  | Caller
  | { readonly kind: 'route'; readonly name: string }
  | UpstreamPlace
  | {
      readonly kind: 'target'
      readonly upstream: UpstreamPlace
      readonly origin: string
      readonly tags: Tags
    }

/** One edge: between the gateway and a place, or, of a target, between its upstream and it. */
export type Traffic = {
  /** Of the place; the same in every process. */
  readonly id: string
  readonly place: Place
  readonly flow: Flow
}

/** What one process has counted: plain data, that goes from process to process and is summed by `sumTraffic`. */
export type TopologyTally = {
  /** When counting began, in milliseconds since the Unix epoch. */
  readonly since: number
  readonly traffic: readonly Traffic[]
}

export type Topology = {
  /** Counts a finished request. */
  readonly request: (outcome: Outcome) => void
  readonly tally: () => TopologyTally
}

/** Believed callers, and others; upstreams by tags, targets, routes. What is beyond is `other`. */
const caps = { inside: 300, outside: 100, upstream: 500, target: 1_000, route: 500 }

type Table = {
  readonly byId: Map<string, Traffic>
  readonly cap: number
  /** What there is no room for; shown when it is needed. */
  readonly other: Traffic
}

/** Strangers fill up a table of their own: names that they invent push out nobody who is known. */
type Tables = {
  readonly inside: Table
  readonly outside: Table
  readonly route: Table
  readonly upstream: Table
  readonly target: Table
}

/** The edges of one target of one upstream. */
type Way = { readonly upstream: string; readonly toUpstream: Flow; readonly toTarget: Flow }

/** `now` gives milliseconds since the Unix epoch. */
export function createTopology(now: () => number): Topology {
  const since = now()
  const tables = emptyTables()
  // Rules that are loaded again bring targets and routes that are equal, but not the same: tables know them by id.
  const ways = new WeakMap<UpstreamTarget, Way[]>()
  const flows = new WeakMap<Route, Flow>()

  function wayOf(upstream: string, target: UpstreamTarget): Way {
    const known = ways.get(target)
    if (known !== undefined) {
      // The embedded echo is the target of several upstreams.
      for (const way of known) if (way.upstream === upstream) return way
    }
    const { serviceTag, version, origin, tags } = target
    const place = { kind: 'upstream', name: upstream, serviceTag, version } as const
    const way = {
      upstream,
      toUpstream: flowOf(tables, place),
      toTarget: flowOf(tables, { kind: 'target', upstream: place, origin, tags })
    }
    if (known === undefined) ways.set(target, [way])
    else known.push(way)
    return way
  }

  function routeFlow(route: Route): Flow {
    const known = flows.get(route)
    if (known !== undefined) return known
    const flow = flowOf(tables, { kind: 'route', name: route.name })
    flows.set(route, flow)
    return flow
  }

  function countRequest(stretch: Stretch, outcome: Outcome, bin: number, failed: boolean): void {
    add(stretch.bins, bin)
    stretch.bytes += outcome.bytes
    if (failed) stretch.errors++
    if (outcome.mediation !== undefined) countArrival(stretch, outcome.mediation)
  }

  return {
    request: outcome => {
      const { route, attempts, end } = outcome
      const minute = minuteOf(end)
      const caller = callerOf(outcome)
      const bin = indexOf(answeredAfter(outcome))
      const failed = hasFailed(outcome)
      countRequest(stretchOf(flowOf(tables, caller), minute), outcome, bin, failed)
      if (route === undefined) return
      countRequest(stretchOf(routeFlow(route), minute), outcome, bin, failed)
      for (const attempt of attempts) {
        const { toUpstream, toTarget } = wayOf(route.upstream.name, attempt.target)
        const took = indexOf(attemptTook(attempt, outcome))
        countAttempt(stretchOf(toUpstream, minute), attempt, took)
        countAttempt(stretchOf(toTarget, minute), attempt, took)
      }
    },
    tally: () => ({ since, traffic: allOf(tables) })
  }
}

/** Those of several processes as one, within the same bounds. */
export function sumTraffic(tallies: readonly (readonly Traffic[])[]): readonly Traffic[] {
  const tables = emptyTables()
  for (const { place, flow } of tallies.flat()) addFlow(flowOf(tables, place), flow)
  return allOf(tables)
}

/** Of a place: no two have the same. */
export function idOf(place: Place): string {
  switch (place.kind) {
    case 'caller':
      return `caller ${place.by} ${place.from === '' ? '-' : place.from} ${place.name}`
    case 'route':
      return `route ${place.name}`
    case 'upstream':
      return `upstream ${releaseOf(place)}`
    case 'target':
      return `target ${place.origin} ${releaseOf(place.upstream)}`
  }
}

function releaseOf({ name, serviceTag, version }: UpstreamPlace): string {
  return JSON.stringify([name, serviceTag, version])
}

function emptyTables(): Tables {
  const caller = { kind: 'caller', by: 'other', name: 'other' } as const
  const upstream = { kind: 'upstream', name: 'other', serviceTag: '', version: '' } as const
  const table = (cap: number, other: Place): Table => ({
    byId: new Map(),
    cap,
    other: { id: idOf(other), place: other, flow: emptyFlow() }
  })
  return {
    inside: table(caps.inside, { ...caller, from: '', stranger: false }),
    outside: table(caps.outside, { ...caller, from: 'outside', stranger: true }),
    route: table(caps.route, { kind: 'route', name: 'other' }),
    upstream: table(caps.upstream, upstream),
    target: table(caps.target, { kind: 'target', upstream, origin: 'other', tags: new Map() })
  }
}

function allOf(tables: Tables): readonly Traffic[] {
  return Object.values(tables).flatMap(({ byId }) => [...byId.values()])
}

function flowOf(tables: Tables, wanted: Place): Flow {
  const { byId, cap, other } =
    wanted.kind === 'caller' ? (wanted.stranger ? tables.outside : tables.inside) : tables[wanted.kind]
  const id = idOf(wanted)
  const known = byId.get(id)
  if (known !== undefined) return known.flow
  if (byId.size >= cap || id === other.id) {
    byId.set(other.id, other)
    return other.flow
  }
  const traffic = { id, place: wanted, flow: emptyFlow() }
  byId.set(id, traffic)
  return traffic.flow
}

function countAttempt(stretch: Stretch, attempt: AttemptOutcome, bin: number): void {
  add(stretch.bins, bin)
  const status = attempt.failureStatus ?? attempt.status ?? 0
  if (status >= 500 || isServerError(attempt.grpc)) stretch.errors++
  countAnswer(stretch, attempt.answer)
}
