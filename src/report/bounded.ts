// Maps whose keys callers can invent: they grow to a cap, and what is beyond is counted under one key.

/** What is beyond the cap. */
export const overflow = 'other'

/** What stands under a key, made where there is room; else what stands under the key of the overflow. */
export function bounded<T>(map: Map<string, T>, key: string, cap: number, make: (at: string) => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const at = map.size < cap ? key : overflow
  const value = map.get(at) ?? make(at)
  map.set(at, value)
  return value
}

/** So many more of `key`. */
export function count(map: Map<string, number>, key: string, cap: number, amount = 1): void {
  const at = map.has(key) || map.size < cap ? key : overflow
  map.set(at, (map.get(at) ?? 0) + amount)
}
