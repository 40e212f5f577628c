// First match wins, for the short lists where order is the user's wish: sampling rules.
// Each is a table of one, so a rule's `match` means the same here as on a route.
import type { Match, Target } from './match.ts'
import { createTable } from './table.ts'

/** What such a list may ask besides: the route that the request takes, and the target that will serve it. */
export type Where = {
  /** Names, one of which it must be; undefined for any, none included. */
  readonly routes: ReadonlySet<string> | undefined
  /** Tags that the target must have; undefined for any. */
  readonly tags: ReadonlyMap<string, string> | undefined
}

export type FirstEntry<T> = { readonly match: Match; readonly where?: Where; readonly value: T }

/** `route` is '' for a request that no route takes; `tags` are those of the target. */
export type First<T> = (target: Target, route: string, tags: ReadonlyMap<string, string>) => T | undefined

type Condition = (target: Target, route: string, tags: ReadonlyMap<string, string>) => boolean

/** Makes the test for one `match`; nothing is parsed when it runs. */
export function createCondition(match: Match, where?: Where): Condition {
  const find = createTable([{ match, value: true }])
  const routes = where?.routes
  const wanted = [...(where?.tags ?? [])]
  return (target, route, tags) => {
    if (routes !== undefined && !routes.has(route)) return false
    for (const [tag, text] of wanted) if (tags.get(tag) !== text) return false
    return find(target) === true
  }
}

/** Makes the lookup of the first entry that matches. */
export function createFirst<T>(entries: readonly FirstEntry<T>[]): First<T> {
  const conditions = entries.map(({ match, where, value }) => ({
    holds: createCondition(match, where),
    value
  }))
  return (target, route, tags) => {
    for (const { holds, value } of conditions) {
      if (holds(target, route, tags)) return value
    }
    return undefined
  }
}
