// First match wins, for the short lists where order is the user's wish: sampling rules.
// Each is a table of one, so a rule's `match` means the same here as on a route.
import type { Match, Target } from './match.ts'
import { createTable, type Entry } from './table.ts'

/** Makes the test for one `match`; nothing is parsed when it runs. */
export function createCondition(match: Match): (target: Target) => boolean {
  const find = createTable([{ match, value: true }])
  return target => find(target) === true
}

/** Makes the lookup of the first entry that matches. */
export function createFirst<T>(entries: readonly Entry<T>[]): (target: Target) => T | undefined {
  const conditions = entries.map(({ match, value }) => ({ holds: createCondition(match), value }))
  return target => {
    for (const { holds, value } of conditions) {
      if (holds(target)) return value
    }
    return undefined
  }
}
