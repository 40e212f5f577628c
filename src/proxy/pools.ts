// Connections to upstreams, kept across reloads: only a target that the new rules no longer name loses its own.
import { Pool } from 'undici'
import type { Rules, Upstream, UpstreamTarget } from '../rules/rules.ts'
import { type Balancer, createBalancer } from './balance.ts'

/** A target and the connections to it. */
export type Line = { readonly target: UpstreamTarget; readonly pool: Pool }

export type Pools = {
  /** Where the next attempt of this upstream goes; undefined when it has nowhere to go. */
  readonly next: (upstream: Upstream) => Line | undefined
  /** By what sets connections apart: where they go, and how they are made. */
  readonly byKey: ReadonlyMap<string, Pool>
  readonly counts: () => readonly {
    readonly upstream: string
    readonly target: string
    readonly open: number
    readonly running: number
  }[]
  readonly close: () => Promise<void>
}

/** Milliseconds that an idle connection is kept: less than most servers do, so that they rarely close first. */
const keepAlive = 4_000
const keepAliveMax = 30_000
/** Bytes of an answer's header. */
const maxHeaderSize = 64 * 1024

/**
 * Connections for the targets of the rules; `echo` is where the embedded upstream listens. Those of `before` that
 * are still named go over, the others end after their last answer.
 */
export function createPools(
  rules: Rules,
  echo: UpstreamTarget | undefined,
  before: Pools | undefined
): Pools {
  const byKey = new Map<string, Pool>()
  const balancers = new Map<Upstream, Balancer<Line>>()
  const named: (Line & { readonly upstream: string })[] = []
  for (const upstream of rules.upstreams.values()) {
    const targets = upstream.echo ? (echo === undefined ? [] : [echo]) : upstream.targets
    const lines = targets.map(target => {
      const key = `${target.origin} ${upstream.timeouts.connect}`
      const pool = byKey.get(key) ?? before?.byKey.get(key) ?? connect(upstream, target)
      byKey.set(key, pool)
      named.push({ target, pool, upstream: upstream.name })
      return { target, pool }
    })
    balancers.set(
      upstream,
      createBalancer(lines, line => line.target.weight)
    )
  }
  for (const [key, pool] of before?.byKey ?? []) if (!byKey.has(key)) void pool.close()
  return {
    next: upstream => balancers.get(upstream)?.(),
    byKey,
    counts: () =>
      named.map(({ upstream, target, pool }) => {
        const { connected, running } = pool.stats
        return { upstream, target: target.origin, open: connected, running }
      }),
    close: async () => {
      await Promise.all([...byKey.values()].map(pool => pool.close()))
    }
  }
}

function connect(upstream: Upstream, target: UpstreamTarget): Pool {
  return new Pool(target.origin, {
    allowH2: false,
    pipelining: 1,
    maxHeaderSize,
    keepAliveTimeout: keepAlive,
    keepAliveMaxTimeout: keepAliveMax,
    connect: { timeout: upstream.timeouts.connect }
  })
}
