// The gateway as one thing: built in order, reloaded whole, closed in reverse.
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Admin, createAdmin, type Reloaded } from './admin/server.ts'
import type { Echo } from './echo/server.ts'
import { kindOf } from './proxy/door.ts'
import { type Bound, createListeners, type Live, type Refusal } from './proxy/gateway.ts'
import { createPressure, unsampled } from './proxy/overload.ts'
import { createPools, type Pools } from './proxy/pools.ts'
import { loadUpgrades } from './proxy/upgrade.ts'
import { accessLine, hasLine, refusalLine } from './report/access-line.ts'
import type { Capture } from './report/capture.ts'
import { createCaptures } from './report/captures.ts'
import { hasFailed, judge } from './report/late.ts'
import { createLatency, type LatencyReport } from './report/latency.ts'
import { createLines } from './report/lines.ts'
import { loadFamilies } from './report/load.ts'
import type { Log } from './report/log.ts'
import { createMetrics, type Gauges, type Metrics } from './report/metrics.ts'
import { migrationOf } from './report/migration.ts'
import type { Outcome } from './report/outcome.ts'
import { createPipelines } from './report/pipelines.ts'
import { createPropagation, type Propagation } from './report/propagation.ts'
import { spansOf } from './report/spans.ts'
import { createTopology, type Topology } from './report/topology.ts'
import { createTraces, type Traces } from './report/traces.ts'
import { createUpstreams } from './report/upstreams.ts'
import { formatAddress } from './rules/address.ts'
import type { Complaint, Listen, Listener, Rules, Tags, UpstreamTarget } from './rules/rules.ts'
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

const untagged: Tags = new Map()

/** It cannot begin, most often for an address that cannot be listened on; the message is for people. */
export class ListenError extends Error {}

/** Milliseconds since the Unix epoch, with fractions; it never runs backwards. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Starts everything; rejects with a ListenError for an address that cannot be had. */
export async function start({ rules: first, load, log, stdout, worker = false }: AppOptions): Promise<App> {
  let lines = createLines(first.accessLog.to, log, worker)
  const pipelines = createPipelines(first.exporters, resourceOf(first), { stdout, log })
  let echo = await embeddedEcho(first)
  const upstreams = createUpstreams(() => live.pools.counts(), log)
  const poolsOptions = (before: Pools | undefined) => ({ echo: echo?.target, before, now, report: upstreams })
  let live: Live = { rules: first, pools: createPools(first, poolsOptions(undefined)) }
  if (upgrades(first)) loadUpgrades()
  let loadedAt = now()
  let linesLost = 0
  let serving = false
  let retiredAt: number | undefined
  const propagation = createPropagation(now)
  const latency = createLatency(now, randomIds.traceId())
  const topology = createTopology(now)
  const traces = createTraces()
  const timed = createTimed(now)
  const captures = createCaptures(() => live.rules.captures)
  propagation.watch(first.routes)

  const tell = (outcome: Outcome): void => {
    const judgement = judge(outcome, live.rules.keep)
    const spans = spansOf(outcome, judgement?.late)
    metrics.request(outcome, spans.length > 0)
    propagation.request(outcome)
    latency.request(outcome)
    topology.request(outcome)
    if (spans.length > 0) traces.request(outcome, judgement?.late)
    if (judgement !== undefined) metrics.judged(judgement)
    if (outcome.mediation !== undefined && hasFailed(outcome)) {
      outcome.route?.failed(outcome.attempts.at(-1)?.target.tags ?? untagged)
    }
    if (spans.length > 0) pipelines.record(spans, judgement?.urgent === true)
    if (spans.length > 0 && judgement?.urgent === true) captures.request(outcome)
    const late = judgement?.late
    if (hasLine(outcome, live.rules.accessLog, late)) lines.write(`${accessLine(outcome, late)}\n`)
  }
  const refused = ({ at, client, failure }: Refusal): void => {
    metrics.refused(failure.code)
    if (live.rules.accessLog.to !== 'none') {
      lines.write(`${refusalLine(at, client, failure.status, failure.code)}\n`)
    }
  }
  const pressure = createPressure({
    overload: () => live.rules.overload,
    log,
    changed: level => pipelines.shed(level > 1)
  })
  const listeners = createListeners({
    live: () => live,
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
    tell,
    refused,
    shaken: outcome => metrics.handshake(outcome)
  })
  const gauges: Gauges = {
    inFlight: listeners.inFlight,
    upgraded: listeners.upgraded,
    draining: listeners.draining,
    connections: () => live.pools.counts(),
    linesLost: () => linesLost + lines.counts().lost,
    rates: () => ratesOf(live.rules, timed),
    spans: pipelines.counts,
    rulesLoaded: () => loadedAt,
    certificates: () => certificatesOf(live.rules)
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

  async function apply(rules: Rules): Promise<void> {
    const before = live
    echo ??= await embeddedEcho(rules)
    pipelines.reload(rules.exporters, resourceOf(rules))
    if (before.rules.accessLog.to !== rules.accessLog.to) {
      linesLost += lines.counts().lost
      void lines.close()
      lines = createLines(rules.accessLog.to, log, worker)
    }
    listeners.renew(rules.listen)
    live = { rules, pools: createPools(rules, poolsOptions(before.pools)) }
    if (upgrades(rules)) loadUpgrades()
    propagation.watch(rules.routes)
    loadedAt = now()
    if (!worker && !isDeepStrictEqual(first.tags, rules.tags)) {
      log.warn('other names of tags take effect in metrics at the next start')
    }
    if (!worker && !sameListeners(first, rules)) {
      log.warn(
        'other addresses to listen on, other protocols and other kinds of TLS there, take effect at the next start'
      )
    }
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

  // One after the other: the last one asked for is the one in force.
  let reloading: Promise<unknown> = Promise.resolve()
  const reload = (): Promise<Reloaded> => {
    const next = reloading.then(reloadOnce)
    reloading = next.catch(error => log.error('a reload failed', { error: String(error) }))
    return next
  }

  const retire = (): void => {
    if (retiredAt !== undefined) return
    serving = false
    retiredAt = performance.now()
    listeners.retire()
  }
  const latencyReport = () => latency.report(live.rules.service.instance)
  const admin = createAdmin({
    rules: () => live.rules,
    timed,
    log,
    metrics,
    captures: captures.all,
    migration: unneeded => migrationOf(propagation, live.rules, now(), unneeded),
    latency: latencyReport,
    topology: () => ({ tally: topology.tally(), now: now() }),
    traces: traces.all,
    ready: () => serving,
    reload,
    retire
  })
  const closeOnce: App['close'] = async ({ linger, within } = { linger: false }) => {
    retire()
    const { drain } = live.rules
    const left = linger ? (retiredAt ?? 0) + drain.linger - performance.now() : 0
    if (left > 0) await sleep(left)
    await listeners.drain(within ?? drain.timeout)
    pressure.close()
    await live.pools.close()
    await pipelines.close()
    await lines.close()
    await echo?.server.close()
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
      rates: () => ratesOf(live.rules, { rateOf: (_, rate) => rate }),
      apply
    }
    return { ...bound, ...supervised, metrics, reload, reopen: () => lines.reopen(), retire, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function bind(
  rules: Rules,
  listen: (where: Listener) => Promise<Bound>,
  admin: Admin | undefined
): Promise<{ listen: Bound[]; admin: Listen }> {
  const bound: Bound[] = []
  for (const where of rules.listen) bound.push(await listen(where).catch(unlistened('listen', where)))
  if (admin === undefined) return { listen: bound, admin: rules.admin }
  return { listen: bound, admin: await admin.listen(rules.admin).catch(unlistened('admin', rules.admin)) }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is taken by another process'],
  ['EACCES', 'needs rights that this process does not have'],
  ['EADDRNOTAVAIL', 'is no address of this machine']
])

/** Says in words why an address cannot be had. */
export function unlistened(flag: string, { host, port }: Listen): (error: NodeJS.ErrnoException) => never {
  return error => {
    const reason = reasons.get(error.code ?? '') ?? `cannot be listened on (${error.code ?? error.message})`
    throw new ListenError(`${host}:${port} ${reason}; choose another with --${flag}`)
  }
}

function upgrades({ routes }: Rules): boolean {
  return routes.some(route => route.upgrade.length > 0)
}

function resourceOf({ service }: Rules): { service: string; version: string; instance: string } {
  return { service: service.name, version: service.version, instance: service.instance }
}

/** Whether two rules listen on the same addresses, in the same way. */
export function sameListeners(a: Rules, b: Rules): boolean {
  const text = ({ listen, admin }: Rules) =>
    JSON.stringify([
      listen.map(({ host, port, tls, protocols }) => [host, port, kindOf(tls), protocols]),
      admin.host,
      admin.port
    ])
  return text(a) === text(b)
}

function certificatesOf({ listen }: Rules): ReturnType<Gauges['certificates']> {
  return listen.flatMap(({ host, port, tls }) =>
    (tls?.certificates ?? []).map(
      ({ names: [name = ''], until }, index) =>
        [formatAddress({ host, port }), `${index + 1} ${name}`.trim(), until] as const
    )
  )
}

/** The embedded upstream answers over a loopback connection like any other: one path for all requests. */
async function embeddedEcho(rules: Rules): Promise<{ server: Echo; target: UpstreamTarget } | undefined> {
  if (![...rules.upstreams.values()].some(upstream => upstream.echo)) return undefined
  // Loaded only here: OpenTelemetry's propagators cost more than the rest of the start.
  const { createEcho } = await import('./echo/server.ts')
  const server = await createEcho()
  const host = '127.0.0.1'
  const { port } = await server.listen(host, 0)
  const origin = `http://${host}:${port}`
  const target = { origin, host, port, weight: 1, tags: untagged, serviceTag: '', version: '', side: '' }
  return { server, target }
}
