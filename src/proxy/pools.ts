// Targets of upstreams and the connections to them, kept across reloads: only a target that the new rules no longer
// name, or reach in another way, loses its own.
import type { LookupFunction } from 'node:net'
import type { TargetState, Upstreams } from '../report/upstreams.ts'
import type { Rules } from '../rules/rules.ts'
import type { Upstream, UpstreamTarget } from '../rules/upstream.ts'
import type { Asked } from './asked.ts'
import { type Balancer, createBalancer, type Load, type Wish } from './balance.ts'
import { type Budget, createBudget } from './budget.ts'
import { type Connections, type Connector, createConnector, openPool } from './connect.ts'
import { createEjector, type Ejector, hasRoom } from './ejection.ts'
import { type Health, watchHealth } from './health.ts'
import { createReach, type Reach } from './reach.ts'
import { createSplitter, type Splitter } from './split.ts'

/** A target, the connections to it, and how it does. */
export type Line = Load & {
  readonly target: UpstreamTarget
  readonly pool: Connections
  /** Makes a connection beside them, for who keeps it. */
  readonly connect: Connector
  /** Whether a request that failed there may be sent again; if so, it is counted. */
  readonly mayResend: (why: Again) => boolean
  /** Whether another target is within reach, as far as anybody knows. */
  readonly elsewhere: () => boolean
  /** It had no room for a request. */
  readonly refused: () => void
  /** It serves what was meant for another side. */
  readonly standsIn: (meant: string) => void
  /** A request goes there. */
  readonly begin: () => void
  /** An answer began. */
  readonly answered: () => void
  /** The request is done with; `verdict` is undefined where nobody can say how the target did. */
  readonly end: (verdict: Verdict | undefined) => void
}

/** How a target did with one request. */
export type Verdict = 'well' | 'failed' | 'unreachable'

/** Why a request can be sent again: it never went out, or was lost on a connection that was used before, or on a new one. */
export type Again = 'unsent' | 'reused' | 'new'

export type Pools = {
  /** The side that a request is meant for, by what it says or else by turns; undefined where there is but one. */
  readonly wish: (upstream: Upstream, asked: Asked | undefined) => Wish | undefined
  /**
   * Where the next attempt of this upstream goes, to another target than `besides` if there is one that does no worse;
   * undefined when it has nowhere to go.
   */
  readonly next: (upstream: Upstream, wish?: Wish, besides?: Line) => Line | undefined
  /** By what sets connections apart: where they go, and how they are made. */
  readonly byKey: ReadonlyMap<string, Endpoint>
  /** How much may be sent again, by the name of the upstream. */
  readonly budgets: ReadonlyMap<string, Budget>
  readonly counts: () => readonly (TargetState & { readonly open: number; readonly running: number })[]
  readonly close: () => Promise<void>
}

export type PoolsOptions = {
  /** Where the embedded upstream listens. */
  readonly echo: UpstreamTarget | undefined
  /** Those in force until now: what is still named of them goes over, the rest ends after its last answer. */
  readonly before: Pools | undefined
  /** Milliseconds, never backwards. */
  readonly now: () => number
  readonly report: Upstreams
  /** In place of the system's names. */
  readonly lookup?: LookupFunction
}

/** What lives as long as a target is named, whatever else the rules say. */
type Endpoint = {
  readonly upstream: string
  readonly origin: string
  readonly pool: Connections
  readonly connect: Connector
  readonly ejector: Ejector | undefined
  readonly health: Health | undefined
  readonly reach: Reach
  /** Requests under way or waiting. */
  pending: number
}

/** Connections for the targets of the rules. */
export function createPools(rules: Rules, options: PoolsOptions): Pools {
  // Apart, so that nothing returned here can reach `before`: else all there ever were would hang on each other.
  const { byKey, budgets, balancers, splitters } = linesFor(rules, options)
  return {
    wish: (upstream, asked) => (asked && splitters.get(upstream)?.(asked)) ?? balancers.get(upstream)?.draw(),
    next: (upstream, wish, besides) => balancers.get(upstream)?.next(wish, besides),
    byKey,
    budgets,
    counts: () =>
      [...byKey.values()].map(endpoint => {
        const { upstream, origin, pool } = endpoint
        const { connected, running, pending } = pool.stats
        const available = !isOut(endpoint) && !endpoint.reach.isLost()
        return { upstream, target: origin, available, open: connected, running, waiting: pending }
      }),
    close: async () => {
      await Promise.all([...byKey.values()].map(close))
    }
  }
}

type Lines = Pick<Pools, 'budgets'> & {
  readonly byKey: ReadonlyMap<string, Endpoint>
  readonly balancers: ReadonlyMap<Upstream, Balancer<Line>>
  readonly splitters: ReadonlyMap<Upstream, Splitter>
}

/** Takes over what is still named, closes what is not. */
function linesFor(rules: Rules, options: PoolsOptions): Lines {
  const { echo, before, now } = options
  const byKey = new Map<string, Endpoint>()
  const budgets = new Map<string, Budget>()
  const balancers = new Map<Upstream, Balancer<Line>>()
  const splitters = new Map<Upstream, Splitter>()
  for (const upstream of rules.upstreams.values()) {
    const targets = upstream.echo ? (echo === undefined ? [] : [echo]) : upstream.targets
    const own = new Set<Endpoint>()
    const budget = before?.budgets.get(upstream.name) ?? createBudget(now)
    budgets.set(upstream.name, budget)
    const lines = targets.map(target => {
      const key = keyOf(upstream, target)
      const endpoint = byKey.get(key) ?? before?.byKey.get(key) ?? open(upstream, target, options)
      byKey.set(key, endpoint)
      own.add(endpoint)
      return lineTo(endpoint, { upstream, target, budget, own, ...options })
    })
    balancers.set(upstream, createBalancer(lines, upstream.split))
    const splitter = createSplitter(upstream)
    if (splitter !== undefined) splitters.set(upstream, splitter)
  }
  for (const [key, endpoint] of before?.byKey ?? []) if (!byKey.has(key)) void close(endpoint)
  return { byKey, budgets, balancers, splitters }
}

/** What else would make other connections, or judge them in another way. No text of it can pass for two. */
function keyOf(
  { name, protocol, timeouts, tls, limits, ejection, health }: Upstream,
  { origin }: UpstreamTarget
): string {
  return JSON.stringify([name, origin, protocol, timeouts.connect, tls?.identity, limits, ejection, health])
}

function open(upstream: Upstream, target: UpstreamTarget, { now, lookup, report }: PoolsOptions): Endpoint {
  const { name, ejection, health } = upstream
  const { origin } = target
  const connect = createConnector(upstream, target, lookup)
  const changed = (well: boolean) => report.health(name, origin, well)
  return {
    upstream: name,
    origin,
    pool: openPool(upstream, target, connect, lookup),
    connect,
    ejector: ejection && createEjector(ejection, now),
    health: health && watchHealth({ check: health, origin, connect, changed }),
    reach: createReach(now),
    pending: 0
  }
}

function close({ pool, health }: Endpoint): Promise<void> {
  health?.close()
  return pool.close()
}

function isOut({ ejector, health }: Endpoint): boolean {
  return health?.isWell() === false || ejector?.isOut() === true
}

type Surroundings = PoolsOptions & {
  readonly upstream: Upstream
  readonly target: UpstreamTarget
  readonly budget: Budget
  /** All endpoints of the upstream. */
  readonly own: ReadonlySet<Endpoint>
}

function lineTo(endpoint: Endpoint, { upstream, target, budget, own, report }: Surroundings): Line {
  const { ejector, pool, reach } = endpoint
  const most = upstream.limits.connections + upstream.limits.pending
  const { name, ejection } = upstream

  function failed(eject: Ejector): void {
    let out = 0
    for (const each of own) if (isOut(each)) out++
    const ms = eject.failed(hasRoom(own.size, out, ejection?.most ?? 0))
    if (ms !== undefined) report.ejected(name, target.origin, ms)
  }

  function elsewhere(): boolean {
    for (const each of own) if (each !== endpoint && !each.reach.isLost()) return true
    return false
  }

  return {
    target,
    pool,
    connect: endpoint.connect,
    mayResend: why => {
      // What was never sent adds nothing to what the others bear.
      const may = (why === 'unsent' && elsewhere()) || budget.take()
      report.again(name, may ? why : 'over_budget')
      return may
    },
    elsewhere,
    refused: () => report.overloaded(name),
    standsIn: meant => report.stoodIn(name, meant, target.side),
    weight: target.weight,
    side: target.side,
    pending: () => endpoint.pending,
    state: () => {
      if (endpoint.pending >= most) return 'full'
      return reach.isLost() ? 'lost' : isOut(endpoint) ? 'out' : 'open'
    },
    begin: () => {
      endpoint.pending++
      reach.tried()
      budget.spend()
    },
    answered: () => {
      if (reach.answered()) report.reached(name, target.origin)
    },
    end: verdict => {
      endpoint.pending--
      if (verdict === 'unreachable') {
        if (reach.lost()) report.lost(name, target.origin)
        return
      }
      if (ejector === undefined || verdict === undefined) return
      if (verdict === 'failed') failed(ejector)
      else if (ejector.succeeded()) report.returned(name, target.origin)
    }
  }
}
