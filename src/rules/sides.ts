// The sides of an upstream, between which requests are split, and which matches go before that. Runs when rules load.

import type { TagNames } from './rules.ts'
import type { TargetSettings, UpstreamSettings } from './settings.ts'
import type { Chosen, Split, TargetMatch } from './split.ts'

/** The side of each target: its release, or where no target tells one, its version; '' for neither. */
export function sidesOf(
  targets: readonly TargetSettings[],
  { service, version }: TagNames
): readonly string[] {
  const tag = targets.some(({ tags }) => tags.has(service)) ? service : version
  return targets.map(({ tags }) => tags.get(tag) ?? '')
}

/** `sides` are those of the targets, in their order. */
export function splitOf(
  { targets, sticky, carry, fallback }: Pick<UpstreamSettings, 'targets' | 'sticky' | 'carry' | 'fallback'>,
  sides: readonly string[]
): Split {
  const groups = new Map<string, Chosen & { readonly among: Set<number> }>()
  targets.forEach(({ matches }, index) => {
    const side = sides[index] ?? ''
    for (const match of matches) {
      const key = JSON.stringify([side, textOf(match)])
      const known = groups.get(key)
      if (known === undefined) groups.set(key, { ...match, side, among: new Set([index]) })
      else known.among.add(index)
    }
  })
  // Among equals the first in the rules, for this sort is stable.
  const matches = [...groups.values()].sort((a, b) => weightOf(b) - weightOf(a))
  return { matches, sticky, carry, fallback }
}

/** Another text for every match that means another thing. */
export function textOf({ says, portion, callers }: TargetMatch): string {
  const said = says.map(([trait, value]) => JSON.stringify([trait.in, trait.name, value])).sort()
  return JSON.stringify([said, portion ?? null, callers])
}

/** What names a value is more particular than what takes a share of all there are. */
function weightOf({ says, portion }: TargetMatch): number {
  return says.length * 2 + (portion === undefined ? 0 : 1)
}
