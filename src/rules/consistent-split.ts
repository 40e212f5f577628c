// What splitting owes the rest of a rule file: sides that exist. Works on the tree.

import type { Complaint } from './complaint.ts'
import { complain, suggestion } from './complaint.ts'
import { child, descend, entriesOf, itemsOf, type Located, textOf } from './located.ts'
import { oneOfText } from './notation.ts'

/** Everything that is wrong with how upstreams are split, in no order. */
export function checkSplits(root: Located, upstreams: readonly Located[]): readonly Complaint[] {
  const service = textOf(descend(root, ['tags', 'service'])) ?? 'service.tag'
  const version = textOf(descend(root, ['tags', 'version'])) ?? 'version'
  return upstreams.flatMap(upstream => checkFallback(upstream, service, version))
}

function checkFallback(upstream: Located, service: string, version: string): readonly Complaint[] {
  const tags = itemsOf(child(upstream, 'targets')).map(target => entriesOf(child(target, 'tags')))
  // As sides.ts has it.
  const tag = tags.some(each => each.has(service)) ? service : version
  const sides = [...new Set(tags.flatMap(each => textOf(each.get(tag)?.value) ?? []))]
  return itemsOf(child(upstream, 'fallback')).flatMap(item => {
    const name = textOf(item)
    if (name === undefined || sides.includes(name)) return []
    const expected = sides.length === 0 ? `a target with the tag ${service}` : `a ${tag}: ${oneOfText(sides)}`
    return [complain(item.place, `expected ${expected}${suggestion(name, sides)}`)]
  })
}
