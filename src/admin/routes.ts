// GET /api/routes: the routes in force, what they match and lead to, what they keep of traces and what passed on them.
import { type Figures, figuresOf } from '../report/map.ts'
import type { TopologyTally } from '../report/topology.ts'
import type { Route, Rules } from '../rules/rules.ts'
import { ratesOf, type Timed } from '../rules/timed.ts'
import type { Upstream } from '../rules/upstream.ts'

/** Its keys are part of the contract. */
export type ShownRoute = {
  readonly name: string
  readonly template: string
  readonly match: {
    readonly host: string | null
    readonly path: string | null
    readonly methods: readonly string[] | null
    /** Names alone: a value may be a secret. */
    readonly headers: readonly string[]
  }
  readonly accept: readonly string[]
  readonly emit: readonly string[]
  readonly upstream: {
    readonly name: string
    /** It is embedded, and has no targets. */
    readonly echo: boolean
    readonly targets: readonly {
      readonly url: string
      readonly weight: number
      readonly tags: Readonly<Record<string, string>>
    }[]
  }
  /** The share of new traces that is kept now, by `service.tag` where it differs, else ''. */
  readonly sampling: readonly { readonly tag: string; readonly rate: number }[]
  /** Null where nothing has passed since the start. */
  readonly traffic: { readonly recent: Figures; readonly total: Figures } | null
}

/** The routes in the order of the rules, at `now`. */
export function routesOf(
  rules: Rules,
  timed: Timed,
  tally: TopologyTally,
  now: number
): readonly ShownRoute[] {
  const rates = new Map<string, { readonly tag: string; readonly rate: number }[]>()
  for (const [name, tag, rate] of ratesOf(rules, timed)) {
    const known = rates.get(name)
    if (known === undefined) rates.set(name, [{ tag, rate }])
    else known.push({ tag, rate })
  }
  const flows = new Map(
    tally.traffic.flatMap(one => (one.place.kind === 'route' ? [[one.place.name, one] as const] : []))
  )
  return rules.routes.map(route => {
    const passed = flows.get(route.name)
    return {
      ...shownRoute(route),
      sampling: rates.get(route.name) ?? [],
      traffic: passed === undefined ? null : figuresOf(passed.flow, passed.place, tally.since, now)
    }
  })
}

function shownRoute({ name, template, match, policy, upstream }: Route) {
  const { host, path, methods, headers } = match
  return {
    name,
    template,
    match: {
      host: host ?? null,
      path: path ?? null,
      methods: methods ?? null,
      headers: [...(headers?.keys() ?? [])]
    },
    accept: policy.accept.map(dialect => dialect.name),
    emit: policy.emit.map(dialect => dialect.name),
    upstream: shownUpstream(upstream)
  }
}

function shownUpstream({ name, echo, targets }: Upstream): ShownRoute['upstream'] {
  return {
    name,
    echo,
    targets: targets.map(({ origin, weight, tags }) => ({
      url: origin,
      weight,
      tags: Object.fromEntries(tags)
    }))
  }
}
