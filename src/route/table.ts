// The routing table: the most specific entry for a request, at a cost that does not grow with their number.
// Built once when rules load. A lookup walks the path with indexOf: no patterns run, nothing is split.

import { type Choice, createChoice } from './choice.ts'
import type { Match, Target } from './match.ts'
import { parseHost, parseTemplate, type Segment } from './pattern.ts'

/** One value and what a request must be to get it. */
export type Entry<T> = { readonly match: Match; readonly value: T }

/** One segment further into the paths of one host. */
type Node<T> = {
  readonly literals: Map<string, Node<T>>
  param: Node<T> | undefined
  /** The path ends here. */
  readonly here: Choice<T>
  /** `**`: anything may follow, or nothing. */
  readonly rest: Choice<T>
}

function createNode<T>(): Node<T> {
  return { literals: new Map(), param: undefined, here: createChoice(), rest: createChoice() }
}

function nodeOf<T>(nodes: Map<string, Node<T>>, key: string): Node<T> {
  const known = nodes.get(key)
  if (known !== undefined) return known
  const node = createNode<T>()
  nodes.set(key, node)
  return node
}

function place<T>(root: Node<T>, segments: readonly Segment[]): Choice<T> {
  let node = root
  for (const segment of segments) {
    if (segment.kind === 'rest') return node.rest
    if (segment.kind === 'literal') {
      node = nodeOf(node.literals, segment.text)
    } else {
      node.param ??= createNode()
      node = node.param
    }
  }
  return node.here
}

/** `slash` is where the next segment's slash stands, or the path's length when none is left. */
function walk<T>(node: Node<T>, target: Target, slash: number): T | undefined {
  const path = target.path
  if (slash >= path.length) return node.here.find(target) ?? node.rest.find(target)
  const next = path.indexOf('/', slash + 1)
  const end = next === -1 ? path.length : next
  const literal = node.literals.size === 0 ? undefined : node.literals.get(path.slice(slash + 1, end))
  let found = literal === undefined ? undefined : walk(literal, target, end)
  if (found === undefined && node.param !== undefined && end > slash + 1) {
    found = walk(node.param, target, end)
  }
  return found ?? node.rest.find(target)
}

function within<T>(root: Node<T> | undefined, target: Target): T | undefined {
  if (root === undefined) return undefined
  // `OPTIONS *` has no path; only what takes every path takes it.
  return target.path.startsWith('/') ? walk(root, target, 0) : root.rest.find(target)
}

/**
 * Makes the lookup. Most specific first: exact host, longest `*.` host, any host; then segment by segment
 * literal, `{name}`, `**`; then more headers; then a method given. What fails late falls back to the next best.
 * Entries whose patterns do not parse are left out: rules are checked before they come here.
 */
export function createTable<T>(entries: readonly Entry<T>[]): (target: Target) => T | undefined {
  const exact = new Map<string, Node<T>>()
  const below = new Map<string, Node<T>>()
  const any = createNode<T>()
  for (const [order, { match, value }] of entries.entries()) {
    const host = match.host === undefined ? undefined : parseHost(match.host)
    const template = parseTemplate(match.path ?? '/**')
    if (host?.kind === 'refused' || template.kind === 'refused') continue
    let root = any
    if (host?.kind === 'exact') root = nodeOf(exact, host.host)
    if (host?.kind === 'below') root = nodeOf(below, host.suffix)
    place(root, template.segments).add(match, value, order)
  }

  return target => {
    const host = target.host
    let found = exact.size === 0 ? undefined : within(exact.get(host), target)
    if (found !== undefined) return found
    if (below.size > 0) {
      for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
        found = within(below.get(host.slice(dot)), target)
        if (found !== undefined) return found
      }
    }
    return within(any, target)
  }
}
