// `${NAME}`, `${NAME:-default}` and `${file:PATH}` in rule files. What they bring is text, looked at once:
// references in it are not followed, and it never goes into a complaint.
import { dirname, resolve } from 'node:path'
import { disk, type Files } from './files.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** What a text says once its references are followed. */
export type Resolved = {
  readonly text: string
  /** Whether there were references in it. */
  readonly referred: boolean
  /** What could not be had, in words. */
  readonly missing: readonly string[]
  /** Files read, as absolute paths: when one changes, so do the rules. */
  readonly files: readonly string[]
}

// `$${` is a literal `${`. Names as in https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
const referencePattern =
  /\$\$\{|\$\{(?:file:(?<path>[^}]{1,4096})|(?<name>[A-Za-z_][A-Za-z0-9_]{0,255})(?::-(?<fallback>[^}]*))?)\}|\$\{/g

const fileLimit = 64 * 1024

function readSecret(path: string, files: Files): string | undefined {
  try {
    const bytes = files.read(path, fileLimit)
    // Editors and `echo` end a secret with a line feed that is not part of it.
    return bytes?.toString('utf8').replace(/\r?\n$/, '')
  } catch {
    return undefined
  }
}

/** Follows the references in one scalar; `from` is the rule file, to whose folder `${file:…}` is relative. */
export function resolveReferences(text: string, env: Env, from: string, disc: Files = disk): Resolved {
  if (!text.includes('${')) return { text, referred: false, missing: [], files: [] }
  const missing: string[] = []
  const files: string[] = []
  let referred = false

  const replaced = text.replaceAll(referencePattern, (whole, ...rest) => {
    if (whole === '$${') return '${'
    const groups: unknown = rest.at(-1)
    const { path, name, fallback } = namesIn(groups)
    referred = true
    if (path !== undefined) {
      const absolute = resolve(dirname(from), path)
      files.push(absolute)
      const secret = readSecret(absolute, disc)
      if (secret === undefined) missing.push(`expected a readable file of at most 64 KiB behind \${file:…}`)
      return secret ?? ''
    }
    if (name === undefined) {
      missing.push(`expected \${NAME}, \${NAME:-default} or \${file:PATH}; $\${ is a literal \${`)
      return ''
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) missing.push(`expected the environment variable ${name} to be set`)
    return value ?? ''
  })
  return { text: replaced, referred, missing, files }
}

type Names = { path: string | undefined; name: string | undefined; fallback: string | undefined }

function namesIn(groups: unknown): Names {
  const found = new Map<string, unknown>(
    typeof groups === 'object' && groups !== null ? Object.entries(groups) : []
  )
  const text = (key: string) => {
    const value = found.get(key)
    return typeof value === 'string' ? value : undefined
  }
  return { path: text('path'), name: text('name'), fallback: text('fallback') }
}

// What may stand beside a reference and be shown: the scheme of an Authorization field.
const schemePattern = /^(?:[A-Za-z]{1,16} )?$/

/** A secret as people may see it: the reference as written, or `***` where the secret itself stands in the file. */
export function hideSecret(written: string | undefined): string {
  if (written === undefined || written.includes(':-')) return '***'
  const beside = written.replaceAll(referencePattern, whole => (whole.endsWith('}') ? '' : whole))
  return schemePattern.test(beside) ? written : '***'
}

/** Whether a text as written reads a file: what came of it is not for people to see. */
export function readsFile(written: string | undefined): boolean {
  return written?.includes('${file:') ?? false
}
