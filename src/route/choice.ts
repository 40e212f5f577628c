// Chooses among entries of one host and one path by header and method; the last step of a lookup.
// Entries are grouped by which headers they ask for, so ten thousand tenants told apart by one header cost one.
import type { Match, Target } from './match.ts'

export type Choice<T> = {
  add(match: Match, value: T, order: number): void
  find(target: Target): T | undefined
}

type Placed<T> = { readonly value: T; readonly order: number }

/** Entries that name the same headers, by method (or not) and the values of those headers. */
type Group<T> = {
  readonly names: readonly string[]
  readonly byMethod: boolean
  readonly values: Map<string, Placed<T>>
}

// A line feed is in no field value and no method, so joined parts stay apart.
const separator = '\n'

function keyOf(group: Group<unknown>, target: Target): string | undefined {
  let key = group.byMethod ? target.method : ''
  for (const name of group.names) {
    const value = target.header(name)
    if (value === undefined) return undefined
    key += separator + value
  }
  return key
}

function moreSpecific(a: Group<unknown>, b: Group<unknown>): number {
  return b.names.length - a.names.length || Number(b.byMethod) - Number(a.byMethod)
}

/** Starts without entries; among equals the one added with the lowest `order` wins. */
export function createChoice<T>(): Choice<T> {
  const groups: Group<T>[] = []

  function groupOf(names: readonly string[], byMethod: boolean): Group<T> {
    const joined = names.join(separator)
    const known = groups.find(each => each.byMethod === byMethod && each.names.join(separator) === joined)
    if (known !== undefined) return known
    const group: Group<T> = { names, byMethod, values: new Map() }
    groups.push(group)
    groups.sort(moreSpecific)
    return group
  }

  return {
    add(match, value, order) {
      const headers = [...(match.headers ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
      const names = headers.map(([name]) => name)
      const group = groupOf(names, match.methods !== undefined)
      const suffix = headers.map(([, text]) => separator + text).join('')
      for (const method of match.methods ?? ['']) {
        const key = method + suffix
        if (!group.values.has(key)) group.values.set(key, { value, order })
      }
    },
    find(target) {
      let best: Placed<T> | undefined
      let rank: Group<T> | undefined
      for (const group of groups) {
        if (best !== undefined && rank !== undefined && moreSpecific(rank, group) < 0) break
        const key = keyOf(group, target)
        const found = key === undefined ? undefined : group.values.get(key)
        if (found === undefined || (best !== undefined && best.order < found.order)) continue
        best = found
        rank = group
      }
      return best?.value
    }
  }
}
