// Fills in what rules leave out about splitting requests, and shows it to people again.
import type { Rules } from './rules.ts'
import type { Decoded } from './shape.ts'
import type { DecodedTagNames, DecodedTargetMatches, DecodedTrait } from './shape-split.ts'
import { optional, type Shown } from './shown.ts'
import type { Split, Sticky, TargetMatch, Trait } from './split.ts'
import { formatDuration, formatRate } from './values.ts'

type Splitting = Omit<Split, 'matches'>

const places = ['header', 'cookie', 'query', 'baggage'] as const

export function settleTagNames(given: DecodedTagNames | undefined): Rules['tags'] {
  return { service: given?.service ?? 'service.tag', version: given?.version ?? 'version' }
}

export function settleSplit({ sticky, carry, fallback }: Decoded['upstreams'][string]): Splitting {
  return {
    sticky: settleSticky(sticky),
    carry: carry && { baggage: carry.baggage, header: carry.header },
    fallback:
      fallback === undefined || fallback === 'any' ? 'any' : new Set(fallback === 'none' ? [] : fallback)
  }
}

/** Names of header fields in which any upstream's requests say what they are meant for. */
export function carriedHeaders(upstreams: Decoded['upstreams']): ReadonlySet<string> {
  return new Set(Object.values(upstreams).flatMap(({ carry }) => carry?.header?.toLowerCase() ?? []))
}

export function settleTargetMatches(
  given: DecodedTargetMatches | undefined,
  carried: ReadonlySet<string>
): readonly TargetMatch[] {
  const matches = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return matches.map(match => {
    const says = places.flatMap(place =>
      Object.entries(match[place] ?? {}).map(([name, value]) => [traitOf(place, name), value] as const)
    )
    const key = settleTrait(match.key)
    const told = [...says.map(([trait]) => trait), ...(key === undefined ? [] : [key])]
    return {
      says,
      portion: key && { key, share: match.share ?? 0 },
      // Else anybody on the web could have what is not released yet, by a header that it is carried in.
      callers: match.callers ?? (told.some(trait => isCarried(trait, carried)) ? 'believed' : 'any')
    }
  })
}

/** Whether gateways say in this place what a request is meant for. */
function isCarried({ in: place, name }: Trait, carried: ReadonlySet<string>): boolean {
  return place === 'baggage' || (place === 'header' && carried.has(name))
}

function settleTrait(given: DecodedTrait | undefined): Trait | undefined {
  for (const place of places) {
    const name = given?.[place]
    if (name !== undefined) return traitOf(place, name)
  }
  return undefined
}

function settleSticky(given: Decoded['upstreams'][string]['sticky']): Sticky | undefined {
  const trait = settleTrait(given)
  const set = given?.set
  return trait && { ...trait, set: typeof set === 'number' ? Math.floor(set / 1000) : set }
}

function traitOf(place: Trait['in'], name: string): Trait {
  return { in: place, name: place === 'header' || place === 'baggage' ? name.toLowerCase() : name }
}

/** In the notation of a rule file. */
export function showSplit({ sticky, carry, fallback }: Splitting): Shown {
  return {
    ...optional('sticky', sticky && showSticky(sticky)),
    ...optional(
      'carry',
      carry && { ...optional('baggage', carry.baggage), ...optional('header', carry.header) }
    ),
    fallback: fallback === 'any' ? fallback : fallback.size === 0 ? 'none' : [...fallback]
  }
}

export function showTargetMatches(matches: readonly TargetMatch[]): Shown {
  if (matches.length === 0) return {}
  const shown = matches.map(showMatch)
  return { match: shown.length === 1 ? shown[0] : shown }
}

function showMatch({ says, portion, callers }: TargetMatch): Shown {
  const named = places.flatMap(place => {
    const own = says.filter(([trait]) => trait.in === place).map(([{ name }, value]) => [name, value])
    return own.length === 0 ? [] : [[place, Object.fromEntries(own)] as const]
  })
  return {
    ...Object.fromEntries(named),
    ...(portion === undefined ? {} : { key: showTrait(portion.key), share: formatRate(portion.share) }),
    callers
  }
}

function showSticky({ set, ...trait }: Sticky): Shown {
  const shown = showTrait(trait)
  return set === undefined ? shown : { ...shown, set: set === 'session' ? set : formatDuration(set * 1000) }
}

function showTrait(trait: Trait): Shown {
  return { [trait.in]: trait.name }
}
