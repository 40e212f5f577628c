// Baggage dialects by name, as rules ask for them. The registry itself is the list.
import type { BaggageDialect } from './baggage.ts'
import * as registry from './index.ts'

export const baggageDialects: ReadonlyMap<string, BaggageDialect> = new Map(
  Object.values(registry).map(dialect => [dialect.name, dialect])
)
