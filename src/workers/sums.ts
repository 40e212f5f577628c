// What all workers counted, as if they were one process: those that live, and what is left of those that are gone.
import { sumLatency } from '../report/latency-sum.ts'
import { sumTraffic, type Traffic } from '../report/places.ts'
import type { ClientTally, RouteTally } from '../report/propagation-tally.ts'
import { type KeptTrace, newestTraces } from '../report/traces.ts'
import { bury, type Counted, meanRates, merge, type Rates, type Report } from './report.ts'
import { sumClients, sumRoutes } from './tallies.ts'

export type Sums = {
  /** The last word of a worker that is gone. */
  readonly bury: (report: Report) => void
  /** Beside those of the process that asks. */
  readonly families: (own: readonly Counted[]) => readonly Counted[]
  readonly routes: () => readonly RouteTally[]
  readonly clients: () => readonly ClientTally[]
  readonly rates: () => Rates
  readonly latency: () => Report['latency']
  readonly traffic: () => readonly Traffic[]
  readonly traces: () => readonly KeptTrace[]
}

/** `reports` gives the latest one of each worker that lives. */
export function createSums(reports: () => readonly Report[]): Sums {
  let families: readonly Counted[] = []
  let routes: readonly RouteTally[] = []
  let clients: readonly ClientTally[] = []
  let latency = sumLatency([])
  let traffic: readonly Traffic[] = []
  let traces: readonly KeptTrace[] = []

  return {
    bury: gone => {
      families = bury(families, gone.families)
      routes = sumRoutes([routes, gone.routes])
      clients = sumClients([clients, gone.clients])
      latency = sumLatency([latency, gone.latency])
      // The newer first: where there is no room for all, what is long gone has none.
      traffic = sumTraffic([gone.traffic, traffic])
      traces = newestTraces([traces, gone.traces])
    },
    families: own => merge([own, ...reports().map(each => each.families), families]),
    routes: () => sumRoutes([routes, ...reports().map(each => each.routes)]),
    clients: () => sumClients([clients, ...reports().map(each => each.clients)]),
    rates: () => meanRates(reports().map(each => each.rates)),
    latency: () => sumLatency([latency, ...reports().map(each => each.latency)]),
    traffic: () => sumTraffic([...reports().map(each => each.traffic), traffic]),
    traces: () => newestTraces([traces, ...reports().map(each => each.traces)])
  }
}
