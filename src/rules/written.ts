// References put back where they were followed, so that no secret is shown to people. Must not know which keys rules have.
import { child, descend, itemsOf, type Located } from './located.ts'
import { hideSecret, readsFile } from './references.ts'
import type { Shown } from './shown.ts'

/** What was written there with a reference in it; undefined where there was none. */
export function writtenAt(root: Located | undefined, keys: readonly string[]): string | undefined {
  const node = descend(root, keys)
  return node?.kind === 'scalar' ? node.written : undefined
}

/** Puts the reference back wherever a file was read, whatever the key. */
export function withoutFiles(shown: Shown, root: Located): Shown {
  return Object.fromEntries(
    Object.entries(shown).map(([key, value]) => [key, replace(value, child(root, key), readsFile)])
  )
}

/** Puts every reference back: for values of which nobody here knows what is a secret. */
export function withReferences(value: unknown, node: Located | undefined): unknown {
  return replace(value, node, written => written !== undefined)
}

type IsHidden = (written: string | undefined) => boolean

function replace(value: unknown, node: Located | undefined, hidden: IsHidden): unknown {
  if (node === undefined) return value
  if (node.kind === 'scalar') return hidden(node.written) ? hideSecret(node.written) : value
  if (Array.isArray(value))
    return value.map((item: unknown, index) => replace(item, itemsOf(node)[index], hidden))
  if (typeof value !== 'object' || value === null || node.kind !== 'map') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, replace(each, child(node, key), hidden)])
  )
}
