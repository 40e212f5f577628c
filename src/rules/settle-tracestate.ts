// Members of tracestate with what rules leave out filled in: which of them somebody else's upstream may see.
import { dialects } from '../dialects/find.ts'
import { carryKey } from '../trace/carry.ts'
import { oddsKey } from '../trace/probability.ts'
import type { UpstreamSettings } from './settings.ts'

/**
 * Whoever is external gets the odds, without which it would weigh its traces wrongly, and the members of the dialects
 * that are written for it. Not the gateway's own: that is for another tracebridge.
 */
export function settleTracestate(
  said: UpstreamSettings['tracestate'] | undefined,
  external: boolean,
  emit: readonly string[]
): UpstreamSettings['tracestate'] {
  if (said !== undefined) return said
  if (!external) return 'all'
  const keys = emit.flatMap(name => dialects.get(name)?.member?.key ?? [])
  return [...new Set([oddsKey, ...keys.filter(key => key !== carryKey)])]
}
