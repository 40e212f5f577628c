// Several rule files to one tree: maps merge by key, some lists add up, and nothing is said twice.

import type { Complaint } from './complaint.ts'
import { complain, formatPlace } from './complaint.ts'
import type { Located, LocatedEntry, LocatedMap } from './located.ts'

/** Lists that a folder may spread over its files. */
const added = new Set(['.routes', '.export', '.trust', '.listen'])
/** Maps whose entries are whole things, each defined in one place. */
const whole = /^\.upstreams\../

/** Merges the trees of files in order; where two disagree the first stays, and it is complained of. */
export function mergeRules(roots: readonly Located[], complaints: Complaint[]): Located | undefined {
  const [first, ...rest] = roots
  let merged = first
  for (const root of rest) merged = merged === undefined ? root : merge(merged, root, complaints)
  return merged
}

function merge(a: Located, b: Located, complaints: Complaint[]): Located {
  const path = b.place.path
  if (a.kind === 'map' && b.kind === 'map' && !whole.test(path)) return mergeMaps(a, b, complaints)
  if (a.kind === 'list' && b.kind === 'list' && added.has(path)) {
    return { ...a, items: [...a.items, ...b.items] }
  }
  const what = whole.test(path) ? 'this upstream only once' : 'this key in one file only'
  complaints.push(complain(b.place, `expected ${what}; it is also at ${formatPlace(a.place)}`))
  return a
}

function mergeMaps(a: LocatedMap, b: LocatedMap, complaints: Complaint[]): LocatedMap {
  const entries = new Map<string, LocatedEntry>(a.entries)
  for (const [key, entry] of b.entries) {
    const known = entries.get(key)
    const value = known === undefined ? entry.value : merge(known.value, entry.value, complaints)
    entries.set(key, known === undefined ? entry : { key: known.key, value })
  }
  return { ...a, entries }
}
