// What rules say of any request, before a route is looked for: defaults, live values, and what is printed of them.
// Must not see a request.
import { readTemplate } from '../route/readings.ts'
import { createTable } from '../route/table.ts'
import { blocksOf } from './callers.ts'
import { formatRange } from './ranges.ts'
import type { Front, Route, Rules } from './rules.ts'
import type { FrontSettings } from './settings.ts'
import type { Decoded } from './shape.ts'
import { optional, type Shown } from './shown.ts'

export function settleFront({ proxies, paths, underscores }: Decoded): FrontSettings {
  return { proxies, paths: paths ?? 'strict', underscores: underscores ?? 'drop' }
}

export function showFront({ proxies, paths, underscores }: FrontSettings): Shown {
  return { ...optional('proxies', proxies?.map(formatRange)), paths, underscores }
}

/** A name for Via out of any text: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2 (token) */
function pseudonymOf(name: string): string {
  return name.replace(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/g, '-').slice(0, 64)
}

/** `find` is the lookup by bytes; `name` that of the service. */
export function compileFront(
  { proxies, paths, underscores }: FrontSettings,
  name: string,
  routes: readonly Route[],
  find: Rules['find']
): Front {
  return Object.freeze({
    pseudonym: pseudonymOf(name),
    isProxy: proxies === undefined ? undefined : blocksOf(proxies),
    paths,
    underscores,
    // Templates with escapes of their own are compared in the form that readings have.
    findRead: routes.some(({ template }) => /[%;]/.test(template)) ? createTable(routes.map(read)) : find
  })
}

function read(route: Route) {
  return { match: { ...route.match, path: readTemplate(route.match.path ?? '/**') }, value: route }
}
