// `match` of routes and sampling rules, as tables take it.
import type { Where } from '../route/first.ts'
import type { Match } from '../route/match.ts'
import type { DecodedMatch } from './shape.ts'
import type { DecodedSamplingMatch } from './shape-sampling.ts'

export function settleMatch(match: DecodedMatch): Match {
  const { host, path, method, header } = match
  const headers = Object.entries(header ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  return {
    host: host?.toLowerCase(),
    path,
    methods: typeof method === 'string' ? [method] : method,
    headers: headers.length === 0 ? undefined : new Map(headers)
  }
}

/** What a sampling rule asks beside the request itself. */
export function settleWhere({ route, tag }: DecodedSamplingMatch): Where {
  const tags = Object.entries(tag ?? {})
  return {
    routes: route === undefined ? undefined : new Set(typeof route === 'string' ? [route] : route),
    tags: tags.length === 0 ? undefined : new Map(tags)
  }
}
