// Which target of an upstream serves next. Between sides (releases) the weights are kept exactly, or the sides could not be
// compared; within one it is smooth weighted round robin, so that 9:1 is not nine in a row, with weights that shrink by
// what a target has under way already, so that a slow one is not handed as much as a quick one.
// https://github.com/phusion/nginx/commit/27e94984486058d73157038f7950a0a36ecc6e35
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers#weighted-least-request
import type { Split } from '../rules/split.ts'

/** How well a target does: `out` by judgement, `lost` to connections, `full` of requests. */
export type State = 'open' | 'out' | 'lost' | 'full'

export type Load = {
  readonly weight: number
  readonly side: string
  /** Requests under way. */
  readonly pending: () => number
  readonly state: () => State
}

/** What a request is meant for. */
export type Wish = {
  readonly side: string
  /** Which targets of it by their place, whatever their weights; undefined for all that have a weight. */
  readonly among: ReadonlySet<number> | undefined
}

export type Balancer<T> = {
  /** The side whose turn it is, by weight alone; undefined where there is but one. */
  readonly draw: () => Wish | undefined
  /**
   * The next one, which is another than `besides` where that does no worse; undefined when none has any weight. It is of
   * another side than wished where none of that one is well, and the rules let another one stand in.
   */
  readonly next: (wish?: Wish, besides?: T) => T | undefined
}

/** Those of the lowest rank serve. */
const ranks: Readonly<Record<State, number>> = { open: 0, out: 1, lost: 2, full: 3 }

/** Among those of one rank: what was asked for, the rest of its side, other sides that may stand in; others never. */
const tiers = { asked: 0, side: 1, others: 2, never: 3 } as const
const never = 4 * Object.keys(ranks).length

type Turn<T> = { readonly item: T; readonly place: number; credit: number; rank: number; order: number }

export function createBalancer<T extends Load>(
  items: readonly T[],
  { matches, fallback }: Pick<Split, 'matches' | 'fallback'> = unsplit
): Balancer<T> {
  const matched = new Set(matches.flatMap(({ among }) => [...among]))
  const turns: readonly Turn<T>[] = items
    .map((item, place) => ({ item, place, credit: 0, rank: 0, order: 0 }))
    .filter(({ item, place }) => item.weight > 0 || matched.has(place))
  const draw = createDraw(turns.map(({ item }) => item))
  const ordinary = turns.filter(({ item }) => item.weight > 0).length
  const all = turns.reduce((sum, { item }) => sum + item.weight, 0)
  const only = turns[0]?.item
  if (turns.length < 2) return { draw, next: () => only }

  function tierOf({ item, place }: Turn<T>, wish: Wish | undefined, again: boolean): number {
    if (wish?.among?.has(place) === true) return again ? tiers.side : tiers.asked
    if (item.weight === 0) return tiers.never
    if (wish === undefined || wish.side === item.side) return tiers.side
    return fallback === 'any' || fallback.has(item.side) ? tiers.others : tiers.never
  }

  /** Where most are out it is rather the judgement that is wrong, and the rest would drown in what all had to bear. */
  function look(): boolean {
    let out = 0
    let weight = 0
    for (const turn of turns) {
      turn.rank = ranks[turn.item.state()]
      if (turn.rank !== ranks.out || turn.item.weight === 0) continue
      out++
      weight += turn.item.weight
    }
    return out * 2 > ordinary && weight * 2 > all
  }

  return {
    draw,
    next: (wish, besides) => {
      const panic = look()
      let lowest = never
      let own = never
      for (const turn of turns) {
        const tier = tierOf(turn, wish, besides !== undefined)
        const rank = panic && turn.rank === ranks.out ? ranks.open : turn.rank
        turn.order = tier === tiers.never ? never : rank * 4 + tier
        if (turn.item === besides) own = turn.order
        else if (turn.order < lowest) lowest = turn.order
      }
      if (own < lowest) return besides
      if (lowest === never) return besides
      let best: Turn<T> | undefined
      let total = 0
      for (const turn of turns) {
        if (turn.order !== lowest || turn.item === besides) continue
        // What has none in the ordinary course has one where it is asked for.
        const weight = (turn.item.weight || 1) / (turn.item.pending() + 1)
        turn.credit += weight
        total += weight
        if (best === undefined || turn.credit > best.credit) best = turn
      }
      if (best === undefined) return besides
      best.credit -= total
      return best.item
    }
  }
}

const unsplit: Pick<Split, 'matches' | 'fallback'> = { matches: [], fallback: 'any' }

function createDraw(items: readonly Load[]): () => Wish | undefined {
  const bySide = new Map<string, number>()
  for (const { side, weight } of items) bySide.set(side, (bySide.get(side) ?? 0) + weight)
  const sides = [...bySide]
    .filter(([, weight]) => weight > 0)
    .map(([side, weight]) => ({ wish: { side, among: undefined }, weight, credit: 0 }))
  const total = sides.reduce((sum, { weight }) => sum + weight, 0)
  // One side alone is a wish all the same where others are there for matches: who has none may not have those.
  if (bySide.size < 2) return () => undefined
  return () => {
    let best: (typeof sides)[number] | undefined
    for (const side of sides) {
      side.credit += side.weight
      if (best === undefined || side.credit > best.credit) best = side
    }
    if (best === undefined) return undefined
    best.credit -= total
    return best.wish
  }
}
