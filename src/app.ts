// The gateway as one thing: built in order, reloaded whole, closed in reverse.
import { type Admin, createAdmin, type Reloaded } from './admin/server.ts'
import type { Echo } from './echo/server.ts'
import { kindOf } from './proxy/door.ts'
import { type Bound, createListeners, type Live, type Refusal } from './proxy/gateway.ts'
import { createPools } from './proxy/pools.ts'
import { accessLine, hasLine, refusalLine } from './report/access-line.ts'
import { createCaptures } from './report/captures.ts'
import { hasFailed, judge } from './report/late.ts'
import { createLatency } from './report/latency.ts'
import { createLines } from './report/lines.ts'
import type { Log } from './report/log.ts'
import { createMetrics, type Gauges, type Metrics } from './report/metrics.ts'
import { migrationOf } from './report/migration.ts'
import type { Outcome } from './report/outcome.ts'
import { createPipelines } from './report/pipelines.ts'
import { createPropagation } from './report/propagation.ts'
import { spansOf } from './report/spans.ts'
import { formatAddress } from './rules/address.ts'
import type { Complaint, Listen, Listener, Rules, Tags, UpstreamTarget } from './rules/rules.ts'
import { createTimed, ratesOf } from './rules/timed.ts'
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
}

export type App = {
  readonly listen: readonly Bound[]
  readonly admin: Listen
  readonly metrics: Metrics
  /** Loads the rules again: new ones are put in force whole, refused ones leave the old. */
  readonly reload: () => Promise<Reloaded>
  /** Opens the access log's file anew, after it was rotated. */
  readonly reopen: () => void
  /** Lets requests in flight end, sends the spans that wait, closes everything. */
  readonly close: () => Promise<void>
}

const untagged: Tags = new Map()

/** Milliseconds that requests in flight have to end. */
const drainTimeout = 60_000

/** An address that cannot be listened on; the message is for people. */
export class ListenError extends Error {}

/** Milliseconds since the Unix epoch, with fractions; it never runs backwards. */
function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Starts everything; rejects with a ListenError for an address that cannot be had. */
export async function start({ rules: first, load, log, stdout }: AppOptions): Promise<App> {
  let lines = createLines(first.accessLog.to, log)
  const pipelines = createPipelines(first.exporters, resourceOf(first), { stdout, log })
  let echo = await embeddedEcho(first)
  let live: Live = { rules: first, pools: createPools(first, echo?.target, undefined) }
  let loadedAt = now()
  let linesLost = 0
  let serving = false
  const propagation = createPropagation(now)
  const latency = createLatency(now, randomIds.traceId())
  const timed = createTimed(now)
  const captures = createCaptures(() => live.rules.captures)
  propagation.watch(first.routes)

  const tell = (outcome: Outcome): void => {
    const judgement = judge(outcome, live.rules.keep)
    const spans = spansOf(outcome, judgement?.late)
    metrics.request(outcome, spans.length > 0)
    propagation.request(outcome)
    latency.request(outcome)
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
  const listeners = createListeners({
    live: () => live,
    timed,
    ids: randomIds,
    now,
    log,
    tell,
    refused,
    shaken: outcome => metrics.handshake(outcome)
  })
  const gauges: Gauges = {
    inFlight: listeners.inFlight,
    draining: listeners.draining,
    connections: () => live.pools.counts(),
    linesLost: () => linesLost + lines.counts().lost,
    rates: () => ratesOf(live.rules, timed),
    spans: pipelines.counts,
    rulesLoaded: () => loadedAt,
    certificates: () => certificatesOf(live.rules)
  }
  const metrics = createMetrics(gauges, [...propagation.families, ...captures.families])

  async function apply(rules: Rules): Promise<void> {
    const before = live
    echo ??= await embeddedEcho(rules)
    pipelines.reload(rules.exporters, resourceOf(rules))
    if (before.rules.accessLog.to !== rules.accessLog.to) {
      linesLost += lines.counts().lost
      void lines.close()
      lines = createLines(rules.accessLog.to, log)
    }
    listeners.renew(rules.listen)
    live = { rules, pools: createPools(rules, echo?.target, before.pools) }
    propagation.watch(rules.routes)
    loadedAt = now()
    if (!sameListeners(first, rules)) {
      log.warn('other addresses to listen on, and other kinds of TLS there, take effect at the next start')
    }
  }

  async function reloadOnce(): Promise<Reloaded> {
    const loaded = load()
    if ('complaints' in loaded) {
      metrics.reload('refused')
      log.error('new rules refused, the old ones stay', { complaints: loaded.complaints })
      return loaded
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

  const admin = createAdmin({
    rules: () => live.rules,
    timed,
    log,
    metrics,
    captures: captures.all,
    migration: unneeded => migrationOf(propagation, live.rules, now(), unneeded),
    latency: () => latency.report(live.rules.service.instance),
    ready: () => serving,
    reload
  })
  const close = async (): Promise<void> => {
    serving = false
    await listeners.drain(drainTimeout)
    await live.pools.close()
    await pipelines.close()
    await lines.close()
    await echo?.server.close()
    await admin.close()
  }
  try {
    const bound = await bind(first, listeners.listen, admin)
    serving = true
    return { ...bound, metrics, reload, reopen: () => lines.reopen(), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function bind(
  rules: Rules,
  listen: (where: Listener) => Promise<Bound>,
  admin: Admin
): Promise<{ listen: Bound[]; admin: Listen }> {
  const bound: Bound[] = []
  for (const where of rules.listen) bound.push(await listen(where).catch(unlistened('listen', where)))
  return { listen: bound, admin: await admin.listen(rules.admin).catch(unlistened('admin', rules.admin)) }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'is taken by another process'],
  ['EACCES', 'needs rights that this process does not have'],
  ['EADDRNOTAVAIL', 'is no address of this machine']
])

function unlistened(flag: string, { host, port }: Listen): (error: NodeJS.ErrnoException) => never {
  return error => {
    const reason = reasons.get(error.code ?? '') ?? `cannot be listened on (${error.code ?? error.message})`
    throw new ListenError(`${host}:${port} ${reason}; choose another with --${flag}`)
  }
}

function resourceOf({ service }: Rules): { service: string; version: string; instance: string } {
  return { service: service.name, version: service.version, instance: service.instance }
}

function sameListeners(a: Rules, b: Rules): boolean {
  const text = ({ listen, admin }: Rules) =>
    JSON.stringify([listen.map(({ host, port, tls }) => [host, port, kindOf(tls)]), admin.host, admin.port])
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
  const target = { origin: `http://${host}:${port}`, host, port, weight: 1, tags: new Map<string, string>() }
  return { server, target }
}
