// What is told of upstreams: targets that are left out, requests that had no room or were sent again. Must not know
// how targets are chosen.
import type { Log } from './log.ts'
import { createCounter, createReading, type Family } from './series.ts'

/** One target now. */
export type TargetState = {
  readonly upstream: string
  readonly target: string
  readonly available: boolean
  /** Requests that wait for a connection. */
  readonly waiting: number
}

export type Upstreams = {
  /** A target is left out for so many milliseconds. */
  readonly ejected: (upstream: string, target: string, ms: number) => void
  /** What was left out serves again. */
  readonly returned: (upstream: string, target: string) => void
  /** What its health check says now. */
  readonly health: (upstream: string, target: string, well: boolean) => void
  /** A target cannot be connected to. */
  readonly lost: (upstream: string, target: string) => void
  readonly reached: (upstream: string, target: string) => void
  readonly overloaded: (upstream: string) => void
  /** A request that was meant for one side is served by another, for none of its own was well. */
  readonly stoodIn: (upstream: string, meant: string, served: string) => void
  /** A request is sent again, or would have been. */
  readonly again: (upstream: string, outcome: 'unsent' | 'reused' | 'new' | 'over_budget') => void
  readonly families: readonly Family[]
}

export function createUpstreams(states: () => readonly TargetState[], log: Log): Upstreams {
  const ejections = createCounter(
    'tracebridge_upstream_ejections',
    'Times that a target was left out: for failures in a row, by its health check, or because it was unreachable.',
    ['upstream', 'target', 'reason']
  )
  const overloads = createCounter(
    'tracebridge_upstream_overloads',
    'Requests that found no connection and no room to wait for one.',
    ['upstream']
  )
  const retries = createCounter(
    'tracebridge_upstream_retries',
    'Requests sent again, for they had not gone out (unsent), or were lost on a connection that was used before (reused) or was not (new); those beyond the budget (over_budget) were not.',
    ['upstream', 'outcome']
  )
  const fallbacks = createCounter(
    'tracebridge_upstream_fallbacks',
    'Attempts at a target of another service.tag (served) than the request was meant for (meant), of which no target was well.',
    ['upstream', 'meant', 'served']
  )
  return {
    ejected: (upstream, target, ms) => {
      ejections.add([upstream, target, 'failures'])
      log.warn('a target is left out, for it failed', { upstream, target, seconds: ms / 1000 })
    },
    returned: (upstream, target) => log.info('a target serves again', { upstream, target }),
    health: (upstream, target, well) => {
      if (well) return log.info('a target is well again', { upstream, target })
      ejections.add([upstream, target, 'health'])
      log.warn('a target is left out, for its health check fails', { upstream, target })
    },
    lost: (upstream, target) => {
      ejections.add([upstream, target, 'unreachable'])
      log.warn('a target is passed over, for it cannot be connected to', { upstream, target })
    },
    reached: (upstream, target) => log.info('a target is within reach again', { upstream, target }),
    overloaded: upstream => overloads.add([upstream]),
    stoodIn: (upstream, meant, served) => fallbacks.add([upstream, meant, served]),
    again: (upstream, outcome) => retries.add([upstream, outcome]),
    families: [
      ejections,
      overloads,
      retries,
      fallbacks,
      createReading(
        'gauge',
        'tracebridge_upstream_target_available',
        '1 for a target that gets requests, 0 for one that is left out.',
        ['upstream', 'target'],
        () => states().map(({ upstream, target, available }) => [[upstream, target], available ? 1 : 0])
      ),
      createReading(
        'gauge',
        'tracebridge_upstream_requests_waiting',
        'Requests that wait for a connection to a target.',
        ['upstream', 'target'],
        () => states().map(({ upstream, target, waiting }) => [[upstream, target], waiting])
      )
    ]
  }
}
