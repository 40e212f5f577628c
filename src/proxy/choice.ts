// Who serves a request at first, and what follows from that for later ones. It decides nothing about traces.

import type { Route } from '../rules/rules.ts'
import type { Ids } from '../trace/ids.ts'
import type { Asked, Issued } from './asked.ts'
import type { Wish } from './balance.ts'
import type { Line, Pools } from './pools.ts'
import { colourOf } from './split.ts'
import { issued } from './sticky-cookie.ts'

export type Choice = {
  /** Undefined where there is nowhere to go. */
  readonly line: Line | undefined
  /** What it was meant for; undefined where nothing is split. */
  readonly wish: Wish | undefined
  /** What it is called downstream, where rules carry that. */
  readonly colour: string | undefined
  /** The key of its own that it gets, where rules set one. */
  readonly issued: Issued | undefined
}

/** Says what a request says; only called where an upstream is split by that. */
export type Asking = { readonly asked: (route: Route) => Asked }

export function choose(pools: Pools, route: Route, ids: Ids, asking: Asking): Choice {
  const { upstream } = route
  const { matches, sticky, carry } = upstream.split
  if (matches.length === 0 && sticky === undefined && carry === undefined) {
    const wish = pools.wish(upstream, undefined)
    return { line: pools.next(upstream, wish), wish, colour: undefined, issued: undefined }
  }
  const asked = asking.asked(route)
  const given = issued(sticky, asked, ids)
  const wish = pools.wish(upstream, given === undefined ? asked : { ...asked, issued: given })
  const line = pools.next(upstream, wish)
  const side = wish?.side ?? line?.target.side ?? ''
  return { line, wish, colour: carry && colourOf(carry, asked, side), issued: given }
}
