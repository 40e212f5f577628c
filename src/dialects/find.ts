// Dialects by name, as rules and commands ask for them. The registry itself is the list.
import type { Dialect } from './dialect.ts'
import * as registry from './index.ts'

export const dialects: ReadonlyMap<string, Dialect> = new Map(
  Object.values(registry).map(dialect => [dialect.name, dialect])
)

/** In alphabetical order. */
export const dialectNames: readonly string[] = [...dialects.keys()]

/** In the order of a default `accept`. */
export const byRank: readonly Dialect[] = [...dialects.values()].sort((a, b) => a.rank - b.rank)
