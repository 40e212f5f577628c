// What requests are served by: the rules in force and the connections to their upstreams, replaced whole.
import type { Live } from '../proxy/gateway.ts'
import { createPools, type Pools } from '../proxy/pools.ts'
import { loadUpgrades } from '../proxy/upgrade.ts'
import type { Upstreams } from '../report/upstreams.ts'
import type { Rules } from '../rules/rules.ts'
import { type EmbeddedEcho, embeddedEcho } from './embedded-echo.ts'
import { now } from './now.ts'

export type InForce = {
  readonly live: () => Live
  readonly rules: () => Rules
  /** Since when, in milliseconds since the Unix epoch. */
  readonly since: () => number
  /** Starts what is embedded, where `rules` ask for it for the first time: what can fail, before anything changes. */
  readonly prepare: (rules: Rules) => Promise<void>
  /** Targets that stay keep their connections. */
  readonly put: (rules: Rules) => void
  readonly closePools: () => Promise<void>
  readonly closeEcho: () => Promise<void>
}

export async function createInForce(first: Rules, report: Upstreams): Promise<InForce> {
  let echo: EmbeddedEcho | undefined
  const prepare = async (rules: Rules) => {
    echo ??= await embeddedEcho(rules)
  }
  const begin = (rules: Rules, before: Pools | undefined): Live => {
    if (rules.routes.some(({ upgrade }) => upgrade.length > 0)) loadUpgrades()
    return { rules, pools: createPools(rules, { echo: echo?.target, before, now, report }) }
  }
  await prepare(first)
  let live = begin(first, undefined)
  let since = now()
  return {
    live: () => live,
    rules: () => live.rules,
    since: () => since,
    prepare,
    put: rules => {
      live = begin(rules, live.pools)
      since = now()
    },
    closePools: () => live.pools.close(),
    closeEcho: async () => echo?.server.close()
  }
}
