// The migration report of several processes as one: what each counted of dialects is added up.
import {
  addAnswers,
  addCounts,
  addDialect,
  type ClientTally,
  copyDialect,
  type RouteTally
} from '../report/propagation-tally.ts'

/** By route. */
export function sumRoutes(tallies: readonly (readonly RouteTally[])[]): readonly RouteTally[] {
  return summed(
    tallies,
    ({ route }) => route,
    copyRoute,
    (into, { requests, last, dialects, answers }) => {
      into.requests += requests
      into.last = Math.max(into.last, last)
      for (const [name, tally] of dialects) {
        const known = into.dialects.get(name)
        if (known === undefined) into.dialects.set(name, copyDialect(tally))
        else addDialect(known, tally)
      }
      for (const [name, tally] of answers) {
        const known = into.answers.get(name)
        if (known === undefined) into.answers.set(name, { ...tally })
        else addAnswers(known, tally)
      }
    }
  )
}

/** By route, client group and what they spoke. */
export function sumClients(tallies: readonly (readonly ClientTally[])[]): readonly ClientTally[] {
  return summed(
    tallies,
    ({ route, agent, from, dialects }) => JSON.stringify([route, agent, from, dialects]),
    row => ({ ...row, needed: new Map(row.needed), malformed: new Map(row.malformed) }),
    (into, row) => {
      into.requests += row.requests
      into.last = Math.max(into.last, row.last)
      addCounts(into.needed, row.needed)
      addCounts(into.malformed, row.malformed)
    }
  )
}

function summed<T>(
  lists: readonly (readonly T[])[],
  keyOf: (one: T) => string,
  copy: (one: T) => T,
  add: (into: T, one: T) => void
): readonly T[] {
  const byKey = new Map<string, T>()
  for (const one of lists.flat()) {
    const known = byKey.get(keyOf(one))
    if (known === undefined) byKey.set(keyOf(one), copy(one))
    else add(known, one)
  }
  return [...byKey.values()]
}

function copyRoute(tally: RouteTally): RouteTally {
  return {
    ...tally,
    dialects: new Map([...tally.dialects].map(([name, each]) => [name, copyDialect(each)])),
    answers: new Map([...tally.answers].map(([name, each]) => [name, { ...each }]))
  }
}
