// Since when each route reads each dialect: of what was not listened for nobody can say that it did not come.
import type { Route } from '../rules/rules.ts'

export type Watched = {
  /** Takes note of the routes in force: a dialect that a route did not read before is watched from now on. */
  readonly watch: (routes: readonly Pick<Route, 'name' | 'policy'>[]) => void
  /** Since when a route has read a dialect without a break, in milliseconds; undefined where it does not. */
  readonly watchedSince: (route: string, dialect: string) => number | undefined
}

/** `now` gives milliseconds since the Unix epoch. */
export function createWatched(now: () => number): Watched {
  let times: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map()
  return {
    watch: routes => {
      const before = times
      const at = now()
      times = new Map(
        routes.map(({ name, policy }) => {
          const known = before.get(name)
          return [name, new Map(policy.accept.map(dialect => [dialect.name, known?.get(dialect.name) ?? at]))]
        })
      )
    },
    watchedSince: (route, dialect) => times.get(route)?.get(dialect)
  }
}
