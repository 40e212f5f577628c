// What the first process counts of its workers.
import { createCounter, createReading, type Family } from '../report/series.ts'
import type { Loss } from './supervisor.ts'

export type WorkerCounts = {
  readonly replaced: (why: Loss) => void
  readonly families: readonly Family[]
}

export function createWorkerCounts(serving: () => number, silent: () => number): WorkerCounts {
  const restarts = createCounter(
    'tracebridge_worker_restarts',
    'Workers that were replaced: crashed, killed by a signal, stuck (silent for a minute), or refused (could not take new rules).',
    ['reason']
  )
  return {
    replaced: why => restarts.add([why]),
    families: [
      createReading(
        'gauge',
        'tracebridge_workers',
        'Workers that serve; not there without workers.',
        [],
        () => [[[], serving()]]
      ),
      createReading(
        'gauge',
        'tracebridge_workers_silent',
        'Workers that did not tell in time what they had counted: what they have served since they last did is in no metric. Not there without workers.',
        [],
        () => [[[], silent()]]
      ),
      restarts
    ]
  }
}
