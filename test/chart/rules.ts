// Whether rules out of a ConfigMap may run, asked of the very code that would run them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import { rulesSchema } from '../../docs/schema.ts'
import type { Complaint } from '../../src/rules/complaint.ts'
import { formatComplaint } from '../../src/rules/complaint.ts'
import { loadRules } from '../../src/rules/load.ts'
import { at } from './manifests.ts'

/** Keys that the chart writes by contract: where this gateway does not know one yet, it is not asked about it. */
const mayBeAhead: readonly (readonly string[])[] = [['drain'], ['listen', 'tls']]

/** What `tracebridge check` says of these files, secrets and environment being there; nothing when it accepts them. */
export function complaintsOf(files: ReadonlyMap<string, string>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-rules-'))
  try {
    // Mounted secrets are not here; a file of the same kind stands in for them.
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'secret-of-a-test')
    for (const [name, text] of files) {
      const settled = acceptable(text).replaceAll(/\$\{file:[^}]+\}/g, `\${file:${secret}}`)
      writeFileSync(join(folder, name), settled)
    }
    const loaded = loadRules(folder, { HOSTNAME: 'pod', RATE: '30%', SERVICE_PORT: '9000' })
    return 'complaints' in loaded
      ? loaded.complaints.filter(each => !isMounted(each)).map(formatComplaint)
      : []
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Certificates are files that a Secret brings into the pod, and only there. */
function isMounted({ path, message }: Complaint): boolean {
  return /^\.listen\[\d+\]\.tls\./.test(path) && message.endsWith('(ENOENT)')
}

/** Which keys were left out of the question, for people to know. */
export function aheadOf(files: ReadonlyMap<string, string>): readonly string[] {
  return mayBeAhead
    .filter(path => !known(path) && [...files.values()].some(text => has(text, path)))
    .map(path => path.join('.'))
}

/** The same rules without the keys that this gateway does not know yet. */
export function acceptable(text: string): string {
  const document = parseDocument(text)
  for (const path of mayBeAhead) {
    const [first = '', second] = path
    if (!known(path) && has(text, path))
      document.deleteIn(second === undefined ? [first] : [first, 0, second])
  }
  return document.toString({ lineWidth: 0 })
}

function has(text: string, [first = '', second]: readonly string[]): boolean {
  const value = at(parseDocument(text).toJS(), first)
  return second === undefined ? value !== undefined : at(value, '0', second) !== undefined
}

function known([first = '', second]: readonly string[]): boolean {
  const schema: unknown = JSON.parse(JSON.stringify(rulesSchema()))
  const found = at(schema, 'properties', first)
  return second === undefined ? found !== undefined : at(found, 'items', 'properties', second) !== undefined
}
