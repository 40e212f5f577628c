// Maps of plain values in rules, for a package that knows what they mean. Must not know it.

/** What JSON can say of an object. */
export type PlainMap = Readonly<Record<string, unknown>>

/** A map of plain values as it came from a rule file, where `.inf` and `.nan` are numbers. */
export function parsePlainMap(value: unknown): PlainMap | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return isPlain(value) ? { ...value } : undefined
}

function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isPlain)
}
