// One YAML text to a located tree. YAML 1.2 core, no tags, bounded aliases; must not know which keys rules have.
// https://yaml.org/spec/1.2.2/#103-core-schema
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLError
} from 'yaml'
import type { Complaint } from './complaint.ts'
import { complain, formatPlace } from './complaint.ts'
import { disk, type Files } from './files.ts'
import { below, type Located, type LocatedEntry, type Place } from './located.ts'
import { type Env, resolveReferences } from './references.ts'

/** A rule file read: `root` is undefined when it has no content, or is not YAML (`complaints` say so). */
export type Parsed = {
  readonly root: Located | undefined
  readonly complaints: readonly Complaint[]
  /** Whether the text could be read at all; without it, missing keys prove nothing. */
  readonly readable: boolean
  /** Absolute paths of files that `${file:…}` read. */
  readonly files: readonly string[]
}

/** Nodes that aliases may add: a few lines must not unfold into gigabytes. */
const aliasBudget = 10_000
const depthLimit = 64
/** Names that JavaScript objects have a meaning for. */
const reservedKeys = new Set(['__proto__', 'constructor', 'prototype'])

const options = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  stringKeys: true,
  // Found in the walk below, which can name both places.
  uniqueKeys: false,
  prettyErrors: false,
  // 'silent' would hide a second document.
  logLevel: 'error'
} as const

/** Reads `text` of the rule file `file`; `path` is where the file lies, for relative references. */
export function parseRuleFile(
  text: string,
  file: string,
  path: string,
  env: Env,
  from: Files = disk
): Parsed {
  const lines = new LineCounter()
  const placeAt = (offset: number, at: string): Place => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col, path: at }
  }
  let document: Document.Parsed
  try {
    document = parseDocument(text, { ...options, lineCounter: lines })
  } catch {
    // The parser gave up on its own recursion.
    return { root: undefined, complaints: [complain(placeAt(0, '.'), tooDeep)], readable: false, files: [] }
  }
  const broken = yamlErrors(document, ({ pos }) => lines.linePos(pos[0]).line).map(
    ({ code, message, pos }) => {
      const known = yamlMessages.get(code)
      return complain(
        placeAt(pos[0], '.'),
        known ?? `not YAML: ${firstLine(message)}${flowHint(text, pos[0])}`
      )
    }
  )
  const { explicit, version } = document.directives.yaml
  if (explicit === true && version !== '1.2') broken.push(complain(placeAt(0, '.'), 'expected YAML 1.2'))
  if (broken.length > 0) return { root: undefined, complaints: broken, readable: false, files: [] }

  const complaints: Complaint[] = []
  const files: string[] = []
  let budget = aliasBudget
  const unfolding = new Set<string>()

  function locate(node: ParsedNode, at: string, depth: number): Located {
    const place = placeAt(node.range[0], at)
    if (depth > depthLimit) return unknown(place, tooDeep)
    if (unfolding.size > 0 && --budget < 0) {
      return budget === -1 ? unknown(place, 'expected fewer aliases') : { ...nothing(place), broken: true }
    }
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (target === undefined) return unknown(place, 'expected an alias of an anchor above it')
      if (unfolding.has(node.source)) return unknown(place, 'expected no alias of itself')
      unfolding.add(node.source)
      // `resolve` gives nodes of this same parsed document.
      const located = locate(target as ParsedNode, at, depth + 1)
      unfolding.delete(node.source)
      return located
    }
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      return unknown(place, 'expected no tag')
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => locate(item as ParsedNode, below(at, index), depth + 1))
      return { kind: 'list', place, items }
    }
    if (isMap(node)) return { kind: 'map', place, entries: entriesOf(node.items, at, depth) }
    return isScalar(node) ? scalar(node.value, place) : unknown(place, 'expected a value')
  }

  function entriesOf(pairs: readonly { key: unknown; value: unknown }[], at: string, depth: number) {
    const entries = new Map<string, LocatedEntry>()
    for (const pair of pairs) {
      const { key, value } = pair as { key: ParsedNode; value: ParsedNode | null }
      const name = isScalar(key) ? String(key.value) : ''
      const place = placeAt(key.range[0], below(at, name))
      const known = entries.get(name)
      if (known !== undefined) {
        complaints.push(complain(place, `expected the key once; it is also at ${formatPlace(known.key)}`))
      } else if (name === '' || reservedKeys.has(name)) {
        complaints.push(complain(place, 'expected another key'))
      } else {
        const located = value === null ? nothing(place) : locate(value, place.path, depth + 1)
        entries.set(name, { key: place, value: located })
      }
    }
    return entries
  }

  function scalar(value: unknown, place: Place): Located {
    if (typeof value !== 'string') {
      const known = typeof value === 'number' || typeof value === 'boolean' ? value : null
      return { ...nothing(place), value: known }
    }
    const resolved = resolveReferences(value, env, path, from)
    files.push(...resolved.files)
    for (const each of resolved.missing) complaints.push(complain(place, each))
    const written = resolved.referred ? value : undefined
    return { kind: 'scalar', place, value: resolved.text, written, broken: resolved.missing.length > 0 }
  }

  function unknown(place: Place, message: string): Located {
    complaints.push(complain(place, message))
    return { ...nothing(place), broken: true }
  }

  const contents = document.contents
  const root = contents === null || isNothing(contents) ? undefined : locate(contents, '.', 0)
  return { root, complaints, readable: true, files }
}

const yamlMessages: ReadonlyMap<string, string> = new Map([
  ['TAG_RESOLVE_FAILED', 'expected no tag'],
  ['NON_STRING_KEY', 'expected text as the key'],
  ['MULTIPLE_DOCS', 'expected one document; more rules go into more files of one folder']
])

/** What stopped the parser. One mistake has many echoes after it, which would bury it: the first of each line stays. */
function yamlErrors(document: Document.Parsed, lineOf: (error: YAMLError) => number): readonly YAMLError[] {
  const all = [...document.errors, ...document.warnings].slice(0, 50)
  const first = all.filter((error, index) => all.findIndex(each => lineOf(each) === lineOf(error)) === index)
  const causes = first.filter(({ message }) => !message.includes('in YAML stream'))
  return (causes.length > 0 ? causes : first).slice(0, 5)
}

const tooDeep = 'expected fewer levels of nesting'

function nothing(place: Place) {
  return { kind: 'scalar', place, value: null, written: undefined, broken: false } as const
}

function isNothing(node: ParsedNode): boolean {
  return isScalar(node) && node.value === null && node.tag === undefined
}

function firstLine(message: string): string {
  return (message.split('\n', 1)[0] ?? '').slice(0, 160)
}

/** In `{ }` and `[ ]` a brace ends plain text, which `${NAME}` runs into. */
function flowHint(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  const line = text.slice(start, end === -1 ? undefined : end)
  return line.includes('${') ? `; inside { } or [ ] a reference needs quotes: "\${NAME}"` : ''
}
