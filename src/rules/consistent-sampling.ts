// What sampling owes the rest of a rule file: one sampler in each place, routes that exist.

import type { Complaint } from './complaint.ts'
import { complain, suggestion } from './complaint.ts'
import { child, descend, itemsOf, type Located, textOf } from './located.ts'
import { oneOfText } from './notation.ts'

/** Everything that is wrong with sampling, in no order. */
export function checkSampling(root: Located, routes: readonly Located[]): readonly Complaint[] {
  const rules = itemsOf(descend(root, ['sampling', 'rules']))
  const places = [child(root, 'sampling'), ...routes.map(route => child(route, 'sampling')), ...rules]
  const names = routes.map(nameOf)
  return [
    ...places.flatMap(checkSampler),
    ...rules.flatMap(rule => checkRoutes(descend(rule, ['match', 'route']), names))
  ]
}

function checkSampler(place: Located | undefined): readonly Complaint[] {
  const adaptive = child(place, 'adaptive')
  if (adaptive === undefined || child(place, 'rate') === undefined) return []
  return [complain(adaptive.place, 'expected rate or adaptive, not both')]
}

/** As settle-route.ts names it. */
function nameOf(route: Located): string {
  return textOf(child(route, 'name')) ?? textOf(descend(route, ['match', 'path'])) ?? '/**'
}

function checkRoutes(node: Located | undefined, names: readonly string[]): readonly Complaint[] {
  const items = node?.kind === 'list' ? node.items : node === undefined ? [] : [node]
  return items.flatMap(item => {
    const name = textOf(item)
    if (name === undefined || names.includes(name)) return []
    return [complain(item.place, `expected a route: ${oneOfText(names)}${suggestion(name, names)}`)]
  })
}
