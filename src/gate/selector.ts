// Which targets a side consists of, as flags and queries name it: `service.tag=gray`, or several tags joined by commas.

export type Selector = {
  /** As written. */
  readonly text: string
  readonly tags: readonly (readonly [key: string, value: string])[]
}

const tagPattern = /^([A-Za-z_][A-Za-z0-9_.-]{0,99})=([\x21-\x2b\x2d-\x7e]{1,200})$/

/** Undefined for what is not written so. */
export function parseSelector(text: string): Selector | undefined {
  const tags: (readonly [string, string])[] = []
  for (const part of text.split(',')) {
    const [, key, value] = tagPattern.exec(part) ?? []
    if (key === undefined || value === undefined) return undefined
    tags.push([key, value])
  }
  return { text, tags }
}

/** Whether a target with these tags is of this side. */
export function selects({ tags }: Selector, of: ReadonlyMap<string, string>): boolean {
  return tags.every(([key, value]) => of.get(key) === value)
}
