// Reads header fields straight from `rawHeaders`: node's own `headers` loses repeats, case and `__proto__`.
import type { Each } from '../baggage/baggage.ts'
import type { Read } from '../dialects/dialect.ts'

/** Header fields as node:http gives and takes them: name, value, name, value. */
export type RawFields = readonly string[]

export type FieldReader = {
  /** The request that `read` speaks of from now on. */
  readonly load: (fields: RawFields) => void
  readonly read: Read
  readonly each: Each
}

/**
 * One reader serves every request of a server: what reads through it is done before the next request begins.
 */
export function createFieldReader(): FieldReader {
  let fields: RawFields = []
  // Most of what is asked for is not there, which these tell without a look: a bit for each length that a name has, and
  // one for each first letter, in either case.
  let lengths = 0
  let initials = 0
  return {
    load: next => {
      fields = next
      lengths = 0
      initials = 0
      for (let i = 0; i < next.length; i += 2) {
        const name = next[i] ?? ''
        lengths |= bitOf(name.length)
        initials |= bitOf(name.charCodeAt(0))
      }
    },
    read: name => {
      const missing = (lengths & bitOf(name.length)) === 0 || (initials & bitOf(name.charCodeAt(0))) === 0
      return missing ? undefined : fieldOf(fields, name)
    },
    each: prefix => ((initials & bitOf(prefix.charCodeAt(0))) === 0 ? none : fieldsOf(fields, prefix))
  }
}

/** One of 32: the low five bits of a letter are the same in either case. */
function bitOf(number: number): number {
  return 1 << (number & 31)
}

/** The value of a field by its lower-case name; lines joined by a comma. https://www.rfc-editor.org/rfc/rfc9110#section-5.3 */
export function fieldOf(fields: RawFields, name: string): string | undefined {
  let value: string | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (!named(fields[i] ?? '', name)) continue
    const line = fields[i + 1] ?? ''
    value = value === undefined ? line : `${value},${line}`
  }
  return value
}

/** As `fieldOf`, but lines that came apart are apart. */
export function linesOf(fields: RawFields, name: string): string | readonly string[] | undefined {
  let lines: string[] | undefined
  for (let i = 0; i < fields.length; i += 2) {
    if (!named(fields[i] ?? '', name)) continue
    lines ??= []
    lines.push(fields[i + 1] ?? '')
  }
  return lines?.length === 1 ? lines[0] : lines
}

const none: RawFields = []

/**
 * Fields whose names begin with a prefix, given in lower case: what follows it in lower case, and the value of each
 * line.
 */
export function fieldsOf(fields: RawFields, prefix: string): RawFields {
  let found: string[] | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length < prefix.length || !begins(name, prefix)) continue
    found ??= []
    found.push(name.slice(prefix.length).toLowerCase(), fields[i + 1] ?? '')
  }
  return found ?? none
}

/** Takes fields out by their names, as sent. */
export function removeFields(fields: string[], unwanted: (name: string) => boolean): void {
  let kept = 0
  for (let i = 0; i < fields.length; i += 2) {
    if (unwanted(fields[i] ?? '')) continue
    fields[kept] = fields[i] ?? ''
    fields[kept + 1] = fields[i + 1] ?? ''
    kept += 2
  }
  fields.length = kept
}

/** Field names are compared without regard to case, and lengths first: most differ there already. */
export function named(field: string, lower: string): boolean {
  return field.length === lower.length && begins(field, lower)
}

/** True when a field's name begins with a text in lower case; most names differ in the first character. */
export function begins(field: string, lower: string): boolean {
  if (field.length < lower.length) return false
  for (let i = 0; i < lower.length; i++) {
    const code = field.charCodeAt(i)
    const folded = code >= 65 && code <= 90 ? code + 32 : code
    if (folded !== lower.charCodeAt(i)) return false
  }
  return true
}
