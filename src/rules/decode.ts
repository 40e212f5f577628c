// A located tree to typed rules, or everything that is wrong with its structure, each at its place.
import * as v from 'valibot'
import { parseDocument } from 'yaml'
import type { Complaint } from './complaint.ts'
import { complain } from './complaint.ts'
import { descend, type Located, plain } from './located.ts'
import { type Decoded, shape } from './shape.ts'

type Issue = v.BaseIssue<unknown>

const kinds = new Map([
  ['Object', 'a map'],
  ['Array', 'a list'],
  ['string', 'text'],
  ['number', 'a number'],
  ['boolean', 'true or false']
])

/** What is wrong, where the shape has no words of its own for it. */
export function sentence(issue: Issue): string {
  const kind = kinds.get(issue.expected ?? '')
  if (kind === undefined) return `expected ${issue.expected ?? 'another value'}`
  const plainValue = typeof issue.input === 'number' || typeof issue.input === 'boolean'
  return kind === 'text' && plainValue ? 'expected text: put it in quotes' : `expected ${kind}`
}

function keysOf(issue: Issue): (string | number)[] {
  return (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)))
}

/** Of a choice between a text and a list or a map, what is wrong inside the list or map given. */
function leaves(issue: Issue): readonly Issue[] {
  const holds = typeof issue.input === 'object' && issue.input !== null
  const inner = issue.type === 'union' && holds ? (issue.issues ?? []) : []
  const within = inner.filter(each => each.path !== undefined)
  if (within.length === 0) return [issue]
  return within.map(each => {
    const [first, ...rest] = [...(issue.path ?? []), ...(each.path ?? [])]
    return first === undefined ? each : { ...each, path: [first, ...rest] }
  })
}

function complaintOf(issue: Issue, root: Located): Complaint | undefined {
  const keys = keysOf(issue)
  const last = issue.path?.at(-1)
  const holder = descend(root, keys.slice(0, -1))
  // valibot takes a list for an object; one complaint then stands for all about its keys.
  if (last?.type === 'object' && holder?.kind === 'list') return complain(holder.place, 'expected a map')
  const entry = holder?.kind === 'map' ? holder.entries.get(String(keys.at(-1))) : undefined
  if (last?.origin === 'key' && holder !== undefined) {
    return entry === undefined
      ? complain(holder.place, `expected the key ${keys.at(-1)}`)
      : complain(entry.key, issue.message)
  }
  const node = descend(root, keys) ?? root
  return node.kind === 'scalar' && node.broken ? undefined : complain(node.place, issue.message)
}

/**
 * What came by reference takes the type that its place wants: `weight: ${W}` is a number, `version: ${V}` stays text.
 * https://yaml.org/spec/1.2.2/#1032-tag-resolution
 */
function retyped(issues: readonly Issue[], root: Located, typed: Map<Located, unknown>): boolean {
  const before = typed.size
  for (const issue of issues) {
    const node = descend(root, keysOf(issue))
    if (node?.kind !== 'scalar' || node.written === undefined || typed.has(node)) continue
    const value: unknown = typeof node.value === 'string' ? core(node.value) : undefined
    if (typeof value === 'number' || typeof value === 'boolean') typed.set(node, value)
  }
  return typed.size > before
}

function core(text: string): unknown {
  if (!/^[\w.+-]{1,64}$/.test(text)) return undefined
  return parseDocument(text, { version: '1.2', schema: 'core' }).toJS()
}

/** Decodes one rule file; unless every key of it is right, the complaints, in no order. */
export function decode(root: Located): { decoded: Decoded } | { complaints: readonly Complaint[] } {
  const typed = new Map<Located, unknown>()
  let result = v.safeParse(shape, plain(root, typed), { message: sentence })
  if (!result.success && retyped(result.issues, root, typed)) {
    result = v.safeParse(shape, plain(root, typed), { message: sentence })
  }
  if (result.success) return { decoded: result.output }
  return { complaints: result.issues.flatMap(leaves).flatMap(issue => complaintOf(issue, root) ?? []) }
}
