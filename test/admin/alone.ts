// An admin listener on a port of its own, and a client for it.
import type { Test } from 'tap'
import { type Dispatcher, request } from 'undici'
import type { Reloaded } from '../../src/admin/calls.ts'
import { createAdmin } from '../../src/admin/server.ts'
import type { Capture } from '../../src/report/capture.ts'
import { nothing } from '../../src/report/counts.ts'
import { createLatency, type Latency } from '../../src/report/latency.ts'
import { createLog } from '../../src/report/log.ts'
import { createMetrics, type Metrics } from '../../src/report/metrics.ts'
import { migrationOf } from '../../src/report/migration.ts'
import { noGauges } from '../../src/report/no-gauges.ts'
import { createPropagation, type Propagation } from '../../src/report/propagation.ts'
import { createTopology, type Topology } from '../../src/report/topology.ts'
import { createTraces, type Traces } from '../../src/report/traces.ts'
import type { Rules } from '../../src/rules/rules.ts'
import { createTimed } from '../../src/rules/timed.ts'
import { loaded } from '../rules/rule-files.ts'

/** Rules without `listen` and `admin`. */
export const yaml = `
export: [{ console: {} }]
upstreams: { orders: { targets: [{ url: http://127.0.0.1:9 }], emit: [b3multi, jaeger] } }
routes:
  - { name: orders, match: { path: /** }, upstream: orders }
`

export type Alone = {
  readonly url: string
  readonly port: number
  readonly metrics: Metrics
  readonly propagation: Propagation
  readonly latency: Latency
  readonly topology: Topology
  readonly traces: Traces
  readonly reloads: () => number
  /** Lines of the process log. */
  readonly log: readonly string[]
  /** Milliseconds, as overrides of sampling count them. */
  clock: number
  ready: boolean
  /** Newest first. */
  captures: readonly Capture[]
  reloaded: () => Promise<Reloaded>
}

/** An admin listener without a gateway behind it. */
export async function alone(t: Test, text: string = yaml): Promise<Alone> {
  const { rules } = loaded(t, text)
  const metrics = createMetrics({ ...noGauges, spans: () => new Map([['console', nothing]]) })
  const propagation = createPropagation(() => 0)
  const latency = createLatency(() => 0, 'epoch')
  const topology = createTopology(() => 0)
  const traces = createTraces()
  let reloads = 0
  const log: string[] = []
  const captures: readonly Capture[] = []
  const state = { clock: 0, ready: true, captures, reloaded: async (): Promise<Reloaded> => ({ routes: 1 }) }
  const reload = () => {
    reloads++
    return state.reloaded()
  }
  const admin = createAdmin({
    rules: (): Rules => rules,
    timed: createTimed(() => state.clock),
    log: createLog({ level: 'info', write: line => log.push(line) }),
    metrics,
    captures: () => state.captures,
    migration: unneeded => migrationOf(propagation, rules, 0, unneeded),
    latency: () => latency.report('alone'),
    topology: () => ({ tally: topology.tally(), now: state.clock }),
    traces: traces.all,
    ready: () => state.ready,
    reload,
    retire: () => {
      state.ready = false
    }
  })
  const { port } = await admin.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => admin.close())
  const url = `http://127.0.0.1:${port}`
  return Object.assign(state, {
    url,
    port,
    log,
    metrics,
    propagation,
    latency,
    topology,
    traces,
    reloads: () => reloads
  })
}

export type Answer = { status: number; headers: Dispatcher.ResponseData['headers']; text: string }

/** One request, and its answer whole. */
export async function ask(
  url: string,
  method: Dispatcher.HttpMethod = 'GET',
  headers: Record<string, string> = {},
  body: string | undefined = undefined
): Promise<Answer> {
  const answer = await request(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}
