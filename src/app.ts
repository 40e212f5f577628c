// The gateway as one thing: built in order, reloaded whole, closed in reverse.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Reloaded } from './admin/calls.ts'
import { createAdmin } from './admin/server.ts'
import { createAccessLog } from './app/access-log.ts'
import { createInForce } from './app/in-force.ts'
import { inTurn } from './app/in-turn.ts'
import { bind, certificatesOf } from './app/listening.ts'
import { now } from './app/now.ts'
import { createTell } from './app/tell.ts'
import { type Bound, createListeners } from './proxy/gateway.ts'
import { createPressure, unsampled } from './proxy/overload.ts'
import type { Capture } from './report/capture.ts'
import { createCaptures } from './report/captures.ts'
import { createLatency, type LatencyReport } from './report/latency.ts'
import { loadFamilies } from './report/load.ts'
import type { Log } from './report/log.ts'
import { createMetrics, type Gauges, type Metrics } from './report/metrics.ts'
import { migrationOf } from './report/migration.ts'
import { createPipelines, resourceOf } from './report/pipelines.ts'
import { createPropagation, type Propagation } from './report/propagation.ts'
import { createTopology, type Topology } from './report/topology.ts'
import { createTraces, type Traces } from './report/traces.ts'
import { createUpstreams } from './report/upstreams.ts'
import type { Complaint } from './rules/complaint.ts'
import type { Listen } from './rules/listener.ts'
import { keysOfNextStart } from './rules/next-start.ts'
import type { Rules } from './rules/rules.ts'
import { createTimed, ratesOf, type Timed } from './rules/timed.ts'
import { randomIds } from './trace/ids.ts'

/** Rules, or everything that is wrong with them. */
export type Loaded = { readonly rules: Rules } | { readonly complaints: readonly Complaint[] }

export type AppOptions = {
  readonly rules: Rules
  /** Reads the rules again. */
  readonly load: () => Loaded
  readonly log: Log
  /** Where the console exporter writes, as process.stdout.write. */
  readonly stdout: (bytes: Buffer, done: (error?: Error | null) => void) => unknown
  /**
   * This is one of several processes: it shares its ports and what it writes to with others, and has no admin listener,
   * for that is with whoever supervises it.
   */
  readonly worker?: boolean
}

export type App = {
  readonly listen: readonly Bound[]
  readonly admin: Listen
  readonly metrics: Metrics
  /** Which dialects arrived, what can be replayed, and sampling rules for a while: for who supervises. */
  readonly propagation: Propagation
  readonly captures: () => readonly Capture[]
  readonly latency: () => LatencyReport
  /** What passed between whom, and what was kept last. */
  readonly topology: Topology
  readonly traces: Traces
  readonly timed: Timed
  /** The share of new traces that each route keeps now by its rules: what holds for a while is not in it. */
  readonly rates: () => ReturnType<typeof ratesOf>
  /** Puts rules in force that were loaded already. */
  readonly apply: (rules: Rules) => Promise<void>
  /** Loads the rules again: new ones are put in force whole, refused ones leave the old. */
  readonly reload: () => Promise<Reloaded>
  /** Opens the access log's file anew, after it was rotated. */
  readonly reopen: () => void
  /** Says that it is not ready, and ends each connection with its next answer; it serves on. */
  readonly retire: () => void
  /**
   * Lets requests in flight end, sends the spans that wait, closes everything. With `linger` it first goes on as
   * `retire` leaves it, for as long as the rules say, from when it was first asked to. `within` are milliseconds for
   * requests in flight, in place of those of the rules.
   */
  readonly close: (how?: { readonly linger: boolean; readonly within?: number }) => Promise<void>
}

/** Starts everything; rejects with a ListenError for an address that cannot be had. */
export async function start({ rules: first, load, log, stdout, worker = false }: AppOptions): Promise<App> {
  const accessLog = createAccessLog(first.accessLog, log, worker)
  const pipelines = createPipelines(first.exporters, resourceOf(first), { stdout, log })
  const upstreams = createUpstreams(() => inForce.live().pools.counts(), log)
  const inForce = await createInForce(first, upstreams)
  const { live, rules: current } = inForce
  let serving = false
  let retiredAt: number | undefined
  const propagation = createPropagation(now)
  const latency = createLatency(now, randomIds.traceId())
  const topology = createTopology(now)
  const traces = createTraces()
  const timed = createTimed(now)
  const captures = createCaptures(() => current().captures)
  const pressure = createPressure({
    overload: () => current().overload,
    log,
    changed: level => pipelines.shed(level > 1)
  })
  const listeners = createListeners({
    live,
    timed: {
      over: (...asked) => {
        const plan = timed.over(...asked)
        return pressure.level() > 1 ? unsampled(plan) : plan
      }
    },
    pressure: () => pressure.level(),
    ids: randomIds,
    now,
    log,
    tell: outcome => tell(outcome),
    refused: refusal => {
      metrics.refused(refusal.failure.code)
      accessLog.refused(refusal)
    },
    shaken: outcome => metrics.handshake(outcome)
  })
  const gauges: Gauges = {
    inFlight: listeners.inFlight,
    upgraded: listeners.upgraded,
    draining: listeners.draining,
    connections: () => live().pools.counts(),
    linesLost: accessLog.lost,
    rates: () => ratesOf(current(), timed),
    spans: pipelines.counts,
    rulesLoaded: inForce.since,
    certificates: () => certificatesOf(current())
  }
  const metrics = createMetrics(
    gauges,
    [
      ...propagation.families,
      ...captures.families,
      ...upstreams.families,
      ...loadFamilies({ ...listeners, ...pressure })
    ],
    first.tags
  )
  const told = { metrics, propagation, latency, topology, traces, pipelines, captures, accessLog }
  const tell = createTell(() => current().keep, told)

  function watch({ routes }: Rules): void {
    for (const one of [propagation, latency, topology, metrics]) one.watch(routes)
  }
  watch(first)

  async function apply(rules: Rules): Promise<void> {
    await inForce.prepare(rules)
    pipelines.reload(rules.exporters, resourceOf(rules))
    accessLog.reload(rules.accessLog)
    listeners.renew(rules.listen)
    inForce.put(rules)
    watch(rules)
    const waiting = worker ? [] : keysOfNextStart(first, rules)
    if (waiting.length > 0) log.warn('some of the new rules take effect at the next start', { keys: waiting })
  }

  async function reloadOnce(): Promise<Reloaded> {
    const loaded = load()
    if ('complaints' in loaded) {
      metrics.reload('refused')
      log.error('new rules refused, the old ones stay', { complaints: loaded.complaints })
      return { complaints: loaded.complaints }
    }
    await apply(loaded.rules)
    metrics.reload('applied')
    log.info('new rules in force', { routes: loaded.rules.routes.length })
    return { routes: loaded.rules.routes.length }
  }

  const reload = inTurn(reloadOnce, log)
  const retire = (): void => {
    if (retiredAt !== undefined) return
    serving = false
    retiredAt = performance.now()
    listeners.retire()
  }
  const latencyReport = () => latency.report(current().service.instance)
  const admin = createAdmin({
    rules: current,
    timed,
    log,
    metrics,
    captures: captures.all,
    migration: unneeded => migrationOf(propagation, current(), now(), unneeded),
    latency: latencyReport,
    topology: () => ({ tally: topology.tally(), now: now() }),
    traces: traces.all,
    ready: () => serving,
    reload,
    retire
  })
  const closeOnce: App['close'] = async ({ linger, within } = { linger: false }) => {
    retire()
    const { drain } = current()
    const left = linger ? (retiredAt ?? 0) + drain.linger - performance.now() : 0
    if (left > 0) await sleep(left)
    await listeners.drain(within ?? drain.timeout)
    pressure.close()
    await inForce.closePools()
    await pipelines.close()
    await accessLog.close()
    await inForce.closeEcho()
    await admin.close()
  }
  let closing: Promise<void> | undefined
  const close: App['close'] = how => {
    closing ??= closeOnce(how)
    return closing
  }
  try {
    const bound = await bind(first, listeners.listen, worker ? undefined : admin)
    serving = true
    const supervised = {
      propagation,
      captures: captures.all,
      latency: latencyReport,
      topology,
      traces,
      timed,
      rates: () => ratesOf(current(), { rateOf: (_, rate) => rate }),
      apply
    }
    return { ...bound, ...supervised, metrics, reload, reopen: accessLog.reopen, retire, close }
  } catch (error) {
    await close()
    throw error
  }
}
