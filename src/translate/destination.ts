// Where a dry run's request would go among the targets of an upstream, and what it would be called downstream.
// It has no turn in any order: whoever is drawn by weight is, here, the first target.
import { type Asked, saidOf } from '../proxy/asked.ts'
import { colourOf, createSplitter, memberFor } from '../proxy/split.ts'
import type { Upstream, UpstreamTarget } from '../rules/upstream.ts'

export type Destination = {
  readonly target: UpstreamTarget
  /** What goes on in baggage; undefined for nothing. */
  readonly member: ReturnType<typeof memberFor>
  /** What goes on in a header: name and value, flat. */
  readonly set: readonly string[]
  /** For people: why it goes there; nothing where turns decide. */
  readonly why: readonly string[]
}

/** `embedded` stands for the upstream that has no target. */
export function destinationOf(upstream: Upstream, asked: Asked, embedded: UpstreamTarget): Destination {
  const { targets, split, name } = upstream
  const wish = createSplitter(upstream)?.(asked)
  const found = targets.find(
    ({ side, weight }, place) =>
      wish === undefined ||
      (wish.among === undefined ? side === wish.side && weight > 0 : wish.among.has(place))
  )
  const target = found ?? embedded
  const { carry } = split
  const colour = carry && colourOf(carry, asked, wish?.side ?? target.side)
  const by = wish?.among === undefined ? 'by its key (sticky)' : 'by a match'
  return {
    target,
    member: carry && memberFor(carry, colour),
    set: carry?.header === undefined || colour === undefined ? [] : [carry.header, colour],
    why:
      wish === undefined
        ? givenTo(upstream, asked)
        : [`of upstream ${name} it is for ${wish.side === '' ? 'targets without a tag' : wish.side}, ${by}`]
  }
}

/** Who has no cookie gets one, and with it a side that only its random value tells. */
function givenTo({ name, split: { sticky } }: Upstream, asked: Asked): readonly string[] {
  if (sticky?.set === undefined || saidOf(sticky, asked) !== undefined) return []
  return [`of upstream ${name} it gets a cookie ${sticky.name}, whose random value decides`]
}
