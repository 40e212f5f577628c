// What valid rules do that their author may not expect, in words for newcomers. Warnings stop nothing.
import { captureWarnings } from './capture-warnings.ts'
import { ownLosses } from './losses.ts'
import { routeWarnings } from './route-warnings.ts'
import type { Rules } from './rules.ts'
import { samplingWarnings } from './sampling-warnings.ts'
import type { Settings } from './settings.ts'
import { exporterWarnings, segmentWarnings, spanWarnings } from './span-warnings.ts'
import { splitWarnings } from './split-warnings.ts'
import { tlsWarnings } from './tls-warnings.ts'
import { trustWarnings } from './trust-warnings.ts'

/** What `check` warns of: one sentence each, what many routes share said once. */
export function warningsOf({ rules, settings }: { rules: Rules; settings: Settings }): readonly string[] {
  return [
    ...adapterWarnings(rules, settings),
    ...routeWarnings(rules, settings),
    ...spanWarnings(settings),
    ...trustWarnings(settings),
    ...tlsWarnings(rules, settings),
    ...samplingWarnings(settings),
    ...captureWarnings(settings),
    ...upstreamWarnings(settings),
    ...splitWarnings(settings),
    ...exporterWarnings(settings),
    ...segmentWarnings(rules, settings)
  ]
}

/** Nobody wrote down what a package's wire loses: it was measured when the rules were loaded. */
function adapterWarnings({ routes }: Rules, { dialects }: Settings): readonly string[] {
  const used = routes.flatMap(({ policy }) => [...policy.accept, ...policy.emit])
  return [...dialects].map(([name, { package: from }]) => {
    const dialect = used.find(each => each.name === name)
    return dialect === undefined
      ? `dialect ${name}: no route accepts or emits it`
      : `dialect ${name} (${from}), as tried out, loses ${ownLosses(dialect.carries).join(', ')}`
  })
}

function upstreamWarnings({ upstreams, routes }: Settings): readonly string[] {
  const used = new Set(routes.map(route => route.upstream.name))
  const unused = [...upstreams.keys()].filter(name => !used.has(name))
  return [
    ...(routes.length === 0 ? ['routes is empty: every request is answered with 404'] : []),
    ...unused.map(name => `upstream ${name}: no route uses it`),
    ...[...upstreams.values()].flatMap(({ name, tls }) =>
      tls?.verify === false
        ? [
            `upstream ${name}: with verify: false any certificate will do: whoever is in between can read and change everything`
          ]
        : []
    )
  ]
}
