// Short ways to say matches and requests in tests of routes.
import type { Match, Target } from '../../src/route/match.ts'

export function match(given: Partial<Match>): Match {
  return { host: undefined, path: undefined, methods: undefined, headers: undefined, ...given }
}

/** A request line such as `GET shop.example.com/orders/1`; the host may be missing. */
export function target(line: string, headers: Readonly<Record<string, string>> = {}): Target {
  const [method = '', where = ''] = line.split(' ')
  const slash = where.indexOf('/')
  const fields = new Map(Object.entries(headers))
  return {
    method,
    host: slash === -1 ? '' : where.slice(0, slash),
    path: slash === -1 ? where : where.slice(slash),
    header: name => fields.get(name)
  }
}
