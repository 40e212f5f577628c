// What people are shown of rules: maps in the notation of a rule file. It knows no key of them.

export type Shown = Readonly<Record<string, unknown>>

/** The key, where there is something to show under it. */
export function optional(key: string, value: unknown): Shown {
  return value === undefined ? {} : { [key]: value }
}

export function without(shown: Shown, key: string): Shown {
  return Object.fromEntries(Object.entries(shown).filter(([each]) => each !== key))
}
