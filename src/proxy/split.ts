// What a request is meant for among the sides of an upstream: by a match, else by a key that keeps to its side, else by
// turns. Must not know how targets do.
import type { Member } from '../baggage/baggage.ts'
import { createRendezvous, pointOf } from '../route/rendezvous.ts'
import type { Carry, TargetMatch, Trait } from '../rules/split.ts'
import type { Upstream } from '../rules/upstream.ts'
import { type Asked, saidOf } from './asked.ts'
import type { Wish } from './balance.ts'

/** Undefined where a request is for whoever has the next turn. */
export type Splitter = (asked: Asked) => Wish | undefined

/** Made once for an upstream; undefined where its requests say nothing of where they go. */
export function createSplitter({
  split,
  targets
}: Pick<Upstream, 'split' | 'targets'>): Splitter | undefined {
  const { matches, sticky } = split
  if (matches.length === 0 && sticky === undefined) return undefined
  const weights = new Map<string, number>()
  for (const { side, weight } of targets) weights.set(side, (weights.get(side) ?? 0) + weight)
  const keyed = createRendezvous([...weights].map(([side, weight]) => ({ side, weight, among: undefined })))
  return asked => {
    for (const match of matches) if (holds(match, asked)) return match
    const key = sticky && traitOf(sticky, asked, asked.believed)
    return key === undefined ? undefined : keyed(key)
  }
}

function holds({ says, portion, callers }: TargetMatch, asked: Asked): boolean {
  if (callers === 'believed' && !asked.believed) return false
  for (const [trait, value] of says) if (saidOf(trait, asked) !== value) return false
  if (portion === undefined) return true
  const key = saidOf(portion.key, asked)
  return key !== undefined && pointOf(key) < portion.share
}

/** Baggage of strangers says nothing. */
function traitOf(trait: Trait, asked: Asked, believed: boolean): string | undefined {
  return trait.in === 'baggage' && !believed ? undefined : saidOf(trait, asked)
}

// A token in a field and in every dialect of baggage: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
const colourPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/

/**
 * What a request is called downstream: what a believed caller calls it already, for only so does a chain stay of one
 * colour across services that have no release of it; else the side it is meant for. Undefined for none.
 */
export function colourOf({ baggage, header }: Carry, asked: Asked, side: string): string | undefined {
  const said = asked.believed
    ? ((baggage === undefined
        ? undefined
        : coloured(saidOf({ in: 'baggage', name: baggage.toLowerCase() }, asked))) ??
      (header === undefined ? undefined : coloured(saidOf({ in: 'header', name: header }, asked))))
    : undefined
  return said ?? coloured(side)
}

function coloured(text: string | undefined): string | undefined {
  return text !== undefined && colourPattern.test(text) ? text : undefined
}

/** The member of baggage that says so, in every dialect. */
export function memberFor({ baggage }: Carry, colour: string | undefined): Member | undefined {
  if (baggage === undefined || colour === undefined) return undefined
  return { key: baggage, value: colour, dialect: '', raw: undefined }
}
