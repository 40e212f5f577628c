// What was rendered, as values to look into: documents, the pods in them, and fields by their path. It judges nothing.
import { parseAllDocuments } from 'yaml'

/** A document that Kubernetes would be given. */
export type Manifest = { readonly kind: string; readonly name: string; readonly value: unknown }

/** A pod as some manifest describes it: `of` is `Kind/name`. */
export type PodOf = { readonly of: string; readonly spec: unknown; readonly labels: unknown }

/** The value at a path of keys; undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let now = value
  for (const key of path) {
    if (typeof now !== 'object' || now === null || !Object.hasOwn(now, key)) return undefined
    now = new Map<string, unknown>(Object.entries(now)).get(key)
  }
  return now
}

/** The items at a path; none where there is no list. */
export function itemsAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = at(value, ...path)
  return Array.isArray(list) ? list : []
}

/** The text at a path, numbers as they are written; empty where there is neither. */
export function textAt(value: unknown, ...path: readonly string[]): string {
  const text = at(value, ...path)
  return typeof text === 'string' || typeof text === 'number' ? String(text) : ''
}

/** The number at a path; NaN where there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const number = at(value, ...path)
  return typeof number === 'number' ? number : Number.NaN
}

/** The documents of a stream of YAML, those that are empty left out. */
export function manifestsOf(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml).flatMap(document => {
    const [problem] = document.errors
    if (problem !== undefined) throw problem
    const value: unknown = document.toJS()
    return value === null
      ? []
      : [{ kind: textAt(value, 'kind'), name: textAt(value, 'metadata', 'name'), value }]
  })
}

const podPaths: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ['Deployment', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']]
])

/** Every pod in them. */
export function podsOf(manifests: readonly Manifest[]): readonly PodOf[] {
  return manifests.flatMap(({ kind, name, value }) => {
    const path = podPaths.get(kind)
    if (path === undefined) return []
    const pod = at(value, ...path)
    return [{ of: `${kind}/${name}`, spec: at(pod, 'spec'), labels: at(pod, 'metadata', 'labels') }]
  })
}

/** The containers of a pod, those of its start included. */
export function containersOf(spec: unknown): readonly unknown[] {
  return [...itemsAt(spec, 'initContainers'), ...itemsAt(spec, 'containers')]
}
