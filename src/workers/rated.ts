// Rules, as the admin listener of the first process shows them: it keeps no traces, its workers do.
import type { Rules } from '../rules/rules.ts'
import type { Rates } from './report.ts'

/** Rules whose routes know what workers keep. */
export function rated(rules: Rules, rates: Rates): Rules {
  const byRoute = new Map<string, (readonly [string, number])[]>()
  for (const [route, tag, rate] of rates) {
    const known = byRoute.get(route) ?? []
    known.push([tag, rate])
    byRoute.set(route, known)
  }
  return {
    ...rules,
    routes: rules.routes.map(route => {
      const known = byRoute.get(route.name)
      return known === undefined ? route : { ...route, rates: () => known }
    })
  }
}
