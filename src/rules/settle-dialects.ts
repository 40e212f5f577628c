// Dialects that rules bring along, as settings and as people see them. Must not load any (adapters.ts).
import { descend, type Located } from './located.ts'
import type { Settings } from './settings.ts'
import type { Decoded } from './shape.ts'
import { optional, type Shown } from './shown.ts'
import { withReferences } from './written.ts'

export function settleDialects(given: Decoded['dialects']): Settings['dialects'] {
  return new Map(
    Object.entries(given ?? {}).map(([name, { package: from, export: exported, options }]) => [
      name,
      { package: from, export: exported, options }
    ])
  )
}

/** `node` is what they came from. */
export function showDialects(dialects: Settings['dialects'], node: Located | undefined): Shown | undefined {
  if (dialects.size === 0) return undefined
  return Object.fromEntries(
    [...dialects].map(([name, { package: from, export: exported, options }]) => [
      name,
      {
        package: from,
        ...optional('export', exported),
        // Which of them is a secret, nobody here knows.
        ...optional('options', withReferences(options, descend(node, [name, 'options'])))
      }
    ])
  )
}
