// What passed between whom: callers, this gateway, upstreams by the tags of their targets, and the targets. Exact counts
// since the start and of the last minutes. It is counted here, kept by place (places.ts) and shown by map.ts.
import type { Route } from '../rules/rules.ts'
import type { UpstreamTarget } from '../rules/upstream.ts'
import { add } from '../sketch/bins.ts'
import { indexOf } from '../sketch/scale.ts'
import { countAnswer, countArrival } from './breaks.ts'
import { callerOf } from './caller.ts'
import { type Flow, minuteOf, type Stretch, stretchOf } from './flow.ts'
import { attemptFailed, hasFailed } from './late.ts'
import { type AttemptOutcome, answeredAfter, attemptTook, type Outcome } from './outcome.ts'
import {
  allOf,
  emptyTables,
  flowOf,
  forget,
  isFull,
  type Place,
  type TargetPlace,
  type Traffic
} from './places.ts'

/** What one process has counted: plain data, that goes from process to process and is summed by `sumTraffic`. */
export type TopologyTally = {
  /** When counting began, in milliseconds since the Unix epoch. */
  readonly since: number
  readonly traffic: readonly Traffic[]
}

export type Topology = {
  /** Counts a finished request. */
  readonly request: (outcome: Outcome) => void
  /** The routes in force from now on: what they name no more goes where there is no room for what they name. */
  readonly watch: (routes: readonly Pick<Route, 'name' | 'upstream'>[]) => void
  readonly tally: () => TopologyTally
}

/** The edges of one target of one upstream. */
type Way = { readonly upstream: string; readonly toUpstream: Flow; readonly toTarget: Flow }

/** `now` gives milliseconds since the Unix epoch. */
export function createTopology(now: () => number): Topology {
  const since = now()
  const tables = emptyTables()
  // Rules that are loaded again bring targets and routes that are equal, but not the same: tables know them by id.
  let ways = new WeakMap<UpstreamTarget, Way[]>()
  let flows = new WeakMap<Route, Flow>()
  let named: readonly Pick<Route, 'name' | 'upstream'>[] | undefined

  /** Makes room, once after each change of the rules. */
  function sweep(): void {
    if (named === undefined || !isFull(tables)) return
    forget(tables, named.flatMap(placesOf))
    named = undefined
    // Who is counted all the same, as the embedded echo is, begins anew.
    ways = new WeakMap()
    flows = new WeakMap()
  }

  function wayOf(upstream: string, target: UpstreamTarget): Way {
    const known = ways.get(target)
    if (known !== undefined) {
      // The embedded echo is the target of several upstreams.
      for (const way of known) if (way.upstream === upstream) return way
    }
    sweep()
    const place = targetPlace(upstream, target)
    const way = {
      upstream,
      toUpstream: flowOf(tables, place.upstream),
      toTarget: flowOf(tables, place)
    }
    if (known === undefined) ways.set(target, [way])
    else known.push(way)
    return way
  }

  function routeFlow(route: Route): Flow {
    const known = flows.get(route)
    if (known !== undefined) return known
    sweep()
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
    watch: routes => {
      named = routes
    },
    tally: () => ({ since, traffic: allOf(tables) })
  }
}

function targetPlace(upstream: string, { serviceTag, version, origin, tags }: UpstreamTarget): TargetPlace {
  return { kind: 'target', upstream: { kind: 'upstream', name: upstream, serviceTag, version }, origin, tags }
}

function placesOf({ name, upstream }: Pick<Route, 'name' | 'upstream'>): readonly Place[] {
  const targets = upstream.targets.map(target => targetPlace(upstream.name, target))
  return [{ kind: 'route', name }, ...targets, ...targets.map(target => target.upstream)]
}

function countAttempt(stretch: Stretch, attempt: AttemptOutcome, bin: number): void {
  add(stretch.bins, bin)
  if (attemptFailed(attempt)) stretch.errors++
  countAnswer(stretch, attempt.answer)
}
