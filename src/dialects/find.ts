// Dialects by name, as rules and commands ask for them. The registry itself is the list.
import type { Accepted, Dialect } from './dialect.ts'
import * as registry from './index.ts'

/** All that rules may name in `accept`. */
export const accepted: ReadonlyMap<string, Accepted> = new Map(
  Object.values(registry).map(dialect => [dialect.name, dialect])
)

/** Those that rules may name in `emit` as well. */
export const dialects: ReadonlyMap<string, Dialect> = new Map(
  [...accepted.values()].flatMap(dialect => (isWritten(dialect) ? [[dialect.name, dialect]] : []))
)

/** In alphabetical order. */
export const acceptedNames: readonly string[] = [...accepted.keys()]
export const dialectNames: readonly string[] = [...dialects.keys()]

/** In the order of a default `accept`. */
export const acceptedByRank: readonly Accepted[] = [...accepted.values()].sort(byItsRank)
export const byRank: readonly Dialect[] = [...dialects.values()].sort(byItsRank)

/** False for what others alone may write. */
export function isWritten(dialect: Accepted): dialect is Dialect {
  return dialect.inject !== undefined
}

function byItsRank(a: Accepted, b: Accepted): number {
  return a.rank - b.rank
}
