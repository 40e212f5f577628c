// How long attempts took, and how many failed, by route and by the tags of the target that served: GET /api/latency.
// Counts since the start, exact, bounded in number; who wants a window takes two reports and subtracts. It judges nothing.
import type { Route, Tags } from '../rules/rules.ts'
import { add, type Bins, emptyBins } from '../sketch/bins.ts'
import { indexOf } from '../sketch/scale.ts'
import { type WrittenSketch, writeSketch } from '../sketch/written.ts'
import { attemptFailed } from './late.ts'
import { type AttemptOutcome, attemptTook, type Outcome } from './outcome.ts'

export type LatencySeries = {
  readonly route: string
  /** All of the target. */
  readonly tags: Readonly<Record<string, string>>
  /** Attempts; as many as the sketch holds. */
  readonly count: number
  /** Those that ended with a status of 500 or more, a status of gRPC that is one, or without an answer. */
  readonly errors: number
  /** Milliseconds from an attempt's start to the last byte of its answer; of an upgraded connection, to its 101. */
  readonly sketch: WrittenSketch
}

/** What one process has counted. Its keys are part of the contract. */
export type LatencyReport = {
  /** `service.instance` of the rules. */
  readonly instance: string
  /** Another one after every start: counts of different epochs cannot be subtracted. */
  readonly epoch: string
  /** ISO 8601. */
  readonly at: string
  /** When counting began. ISO 8601. */
  readonly since: string
  /** Attempts for which there was no room in `series`. */
  readonly beyond: number
  /** Workers that did not tell in time what they had counted since they last did; what `series` has of them is old. */
  readonly incomplete: readonly string[]
  /** Workers that ended without a last word: what they had counted since they last told is in no report. */
  readonly lost: number
  readonly series: readonly LatencySeries[]
}

export type Latency = {
  /** Counts a finished request. */
  readonly request: (outcome: Outcome) => void
  /** The routes in force from now on. */
  readonly watch: (routes: readonly Pick<Route, 'name' | 'upstream'>[]) => void
  readonly report: (instance: string) => LatencyReport
}

type Tally = {
  readonly route: string
  readonly tags: Tags
  errors: number
  bins: Bins
}

/** Routes times tags; a sketch takes up to 10 KiB. */
const seriesCap = 1_000

/** `now` gives milliseconds since the Unix epoch; `epoch` names this process's life. */
export function createLatency(now: () => number, epoch: string): Latency {
  const since = now()
  const routes = new Map<string, Tally[]>()
  let size = 0
  let beyond = 0
  let named: readonly Pick<Route, 'name' | 'upstream'>[] | undefined

  /**
   * Makes room, once after each change of the rules: what they name no more gets nothing more. Who subtracts sees that it
   * is gone, here and in a sum, for no worker counts it any more.
   */
  const sweep = (): void => {
    if (named === undefined) return
    const inForce = tagsOf(named)
    named = undefined
    size = 0
    for (const [route, tallies] of routes) {
      const left = tallies.filter(({ tags }) => inForce.get(route)?.some(one => areSame(one, tags)) === true)
      if (left.length === 0) routes.delete(route)
      else routes.set(route, left)
      size += left.length
    }
  }

  /** A route has few targets, so a list of them is searched and no key is built. */
  const tallyOf = (route: string, tags: Tags): Tally | undefined => {
    const known = routes.get(route)
    if (known !== undefined) {
      for (const tally of known) if (areSame(tally.tags, tags)) return tally
    }
    if (size >= seriesCap) sweep()
    if (size >= seriesCap) return undefined
    size++
    const tally = { route, tags, errors: 0, bins: emptyBins() }
    const others = routes.get(route)
    if (others === undefined) routes.set(route, [tally])
    else others.push(tally)
    return tally
  }

  const count = (route: string, attempt: AttemptOutcome, outcome: Outcome): void => {
    if (isCallers(attempt)) return
    const tally = tallyOf(route, attempt.target.tags)
    if (tally === undefined) {
      beyond++
      return
    }
    add(tally.bins, indexOf(attemptTook(attempt, outcome)))
    if (attemptFailed(attempt)) tally.errors++
  }

  return {
    request: outcome => {
      const { route, attempts } = outcome
      if (route === undefined) return
      for (const attempt of attempts) count(route.name, attempt, outcome)
    },
    watch: inForce => {
      named = inForce
    },
    report: instance => ({
      instance,
      epoch,
      at: new Date(now()).toISOString(),
      since: new Date(since).toISOString(),
      beyond,
      incomplete: [],
      lost: 0,
      series: [...routes.values()].flat().map(({ route, tags, errors, bins }) => ({
        route,
        tags: Object.fromEntries(tags),
        count: bins.count,
        errors,
        sketch: writeSketch(bins)
      }))
    })
  }
}

/** The tags of all targets, by the name of the route. */
function tagsOf(routes: readonly Pick<Route, 'name' | 'upstream'>[]): ReadonlyMap<string, readonly Tags[]> {
  const byRoute = new Map<string, Tags[]>()
  for (const { name, upstream } of routes) {
    const known = byRoute.get(name) ?? []
    byRoute.set(name, known)
    // The embedded echo has no tags.
    known.push(...(upstream.echo ? [new Map<string, string>()] : upstream.targets.map(({ tags }) => tags)))
  }
  return byRoute
}

/** One and the same as long as the rules are: only after a reload are there others that may say the same. */
function areSame(a: Tags, b: Tags): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [tag, value] of a) if (b.get(tag) !== value) return false
  return true
}

/**
 * A request that the gateway could not pass on says nothing of the target. A caller that left does: it waited so long,
 * and to leave out whoever loses patience would hide the slowest.
 */
function isCallers({ failureStatus }: AttemptOutcome): boolean {
  return failureStatus !== undefined && failureStatus < 500 && failureStatus !== 499
}
