// How shapes of rule values are written down in valibot: strict maps, texts that parse, one of a few names.
// Must not know which keys rules have. Messages are the complaints that people read.
import * as v from 'valibot'
import { suggestion } from './complaint.ts'

/** `a, b or c`. */
export function oneOfText(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `one of ${names.join(', ')}`
}

type Strict<E extends v.ObjectEntries> = v.ObjectSchema<E, undefined>
type Table<E extends v.ObjectEntries> = v.GenericSchema<v.InferInput<Strict<E>>, v.InferOutput<Strict<E>>>

/**
 * A map of these keys and no others, described for editors. Every unknown key is complained of, not the first alone.
 * It is a loose object inside, because valibot's strict one stops at one; the JSON Schema closes it.
 */
export function table<const E extends v.ObjectEntries>(entries: E): Table<E> {
  const known = Object.keys(entries).sort()
  return v.pipe(
    v.looseObject(entries),
    v.rawCheck(({ dataset, addIssue }) => {
      if (typeof dataset.value !== 'object' || dataset.value === null) return
      const input: Record<string, unknown> = { ...dataset.value }
      for (const key of Object.keys(input)) {
        if (Object.hasOwn(entries, key)) continue
        addIssue({
          message: `unknown key, expected ${oneOfText(known)}${suggestion(key, known)}`,
          path: [{ type: 'object', origin: 'key', input, key, value: input[key] }]
        })
      }
    })
  )
}

/** A map of names to values. */
export function named<const V extends v.GenericSchema>(
  expected: string,
  parseKey: (text: string) => string | undefined,
  value: V
) {
  return v.record(
    v.pipe(
      v.string(),
      v.check(text => parseKey(text) !== undefined, `expected ${expected} as the key`)
    ),
    value
  )
}

/** `1.10` without quotes is the number 1.1: what would do as text must be written as text. */
function unquoted(input: unknown, parse: (text: string) => unknown): string | undefined {
  const bare = typeof input === 'number' || typeof input === 'boolean'
  return bare && parse(String(input)) !== undefined ? 'expected text: put it in quotes' : undefined
}

/** A text that `parse` turns into a value; undefined from it becomes `expected …`. */
export function parsed<T>(expected: string, parse: (text: string) => T | undefined) {
  return v.pipe(
    v.string(issue => unquoted(issue.input, parse) ?? `expected ${expected}`),
    v.rawTransform(({ dataset, addIssue, NEVER }): T => {
      const value = parse(dataset.value)
      if (value !== undefined) return value
      addIssue({ message: `expected ${expected}` })
      return NEVER
    })
  )
}

/** One of a few names, the nearest one suggested. */
export function choice<const O extends readonly [string, ...string[]]>(options: O) {
  return v.picklist(options, issue =>
    typeof issue.input === 'string'
      ? `expected ${oneOfText(options)}${suggestion(issue.input, options)}`
      : `expected ${oneOfText(options)}`
  )
}

/** A list in which nothing stands twice. */
export function distinct<const V extends v.GenericSchema>(item: V) {
  return v.pipe(
    v.array(item),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!Array.isArray(dataset.value)) return
      const input: unknown[] = dataset.value
      for (const [key, value] of input.entries()) {
        if (typeof value !== 'string' || input.indexOf(value) === key) continue
        addIssue({
          message: 'expected each only once',
          path: [{ type: 'array', origin: 'value', input, key, value }]
        })
      }
    })
  )
}

/** An optional key, with what editors show for it. */
export function key<const V extends v.GenericSchema>(description: string, schema: V) {
  return v.optional(v.pipe(schema, v.description(description)))
}

/** A key that must be there. */
export function must<const V extends v.GenericSchema>(description: string, schema: V) {
  return v.pipe(schema, v.description(description))
}
