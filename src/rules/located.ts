// Rule files as a tree that remembers where everything stood: plain data between YAML and the shape.
// Must not know which keys rules have.

/** Where something stands in a rule file; `line` and `column` count from 1, 0 is not in a file at all. */
export type Place = {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `.routes[0].upstream`, `.` for the whole file. */
  readonly path: string
}

export type LocatedMap = {
  readonly kind: 'map'
  readonly place: Place
  readonly entries: ReadonlyMap<string, LocatedEntry>
}

export type LocatedEntry = { readonly key: Place; readonly value: Located }

export type LocatedList = { readonly kind: 'list'; readonly place: Place; readonly items: readonly Located[] }

export type LocatedScalar = {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: string | number | boolean | null
  /** As written, where a reference such as `${NAME}` stood in it; `value` is then text. */
  readonly written: string | undefined
  /** Complained of already: what it means is unknown, so nothing more is said about it. */
  readonly broken: boolean
}

export type Located = LocatedMap | LocatedList | LocatedScalar

// Anything else in a key is quoted, so a key cannot forge a line of output.
const plainKey = /^[A-Za-z0-9_$-]{1,64}$/

/** `.routes` and `upstream` to `.routes.upstream`. */
export function below(path: string, key: string | number): string {
  const base = path === '.' ? '' : path
  if (typeof key === 'number') return `${base || '.'}[${key}]`
  return plainKey.test(key) ? `${base}.${key}` : `${base || '.'}[${JSON.stringify(key.slice(0, 64))}]`
}

/** What a key or index leads to; undefined where it leads nowhere. */
export function child(node: Located | undefined, key: string | number): Located | undefined {
  if (node?.kind === 'map') return node.entries.get(String(key))?.value
  return node?.kind === 'list' && typeof key === 'number' ? node.items[key] : undefined
}

export function descend(node: Located | undefined, keys: readonly (string | number)[]): Located | undefined {
  return keys.reduce(child, node)
}

/** The items of a list; none for anything else. */
export function itemsOf(node: Located | undefined): readonly Located[] {
  return node?.kind === 'list' ? node.items : []
}

/** The entries of a map; none for anything else. */
export function entriesOf(node: Located | undefined): ReadonlyMap<string, LocatedEntry> {
  return node?.kind === 'map' ? node.entries : new Map()
}

/** The text of a scalar; undefined for anything else. */
export function textOf(node: Located | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' && !node.broken ? node.value : undefined
}

/** Whether all that is in it is known: nothing was complained of already. */
export function whole(node: Located): boolean {
  if (node.kind === 'scalar') return !node.broken
  const within = node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value)
  return within.every(whole)
}

/** The tree as plain values. `typed` overrules what single scalars are worth. */
export function plain(node: Located, typed: ReadonlyMap<Located, unknown>): unknown {
  if (node.kind === 'list') return node.items.map(item => plain(item, typed))
  if (node.kind === 'scalar') return typed.has(node) ? typed.get(node) : node.value
  const record: Record<string, unknown> = {}
  for (const [key, { value }] of node.entries) record[key] = plain(value, typed)
  return record
}
