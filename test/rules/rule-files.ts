// Rule files for one test: written to a folder of its own, loaded, and gone afterwards.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { formatComplaint } from '../../src/rules/complaint.ts'
import { type Loaded, loadRules } from '../../src/rules/load.ts'
import type { Overrides } from '../../src/rules/overrides.ts'
import type { Env } from '../../src/rules/references.ts'

/** Upstreams and routes, for tests about the other keys. */
export const minimal = `
upstreams: { demo: { echo: true } }
routes: [{ match: {}, upstream: demo }]
`

/** Writes files by name and returns their folder. */
export function folderOf(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Loads rules that must be right. */
export function loaded(t: Test, text: string, env: Env = {}, overrides: Overrides = {}): Loaded {
  const result = loadRules(join(folderOf(t, { 'rules.yaml': text }), 'rules.yaml'), env, overrides)
  if ('complaints' in result) throw new Error(result.complaints.map(formatComplaint).join('\n'))
  return result
}

/** Complaints about one file, without its name: `line:column path message`. */
export function complaintsOf(t: Test, text: string, env: Env = {}): readonly string[] {
  const path = join(folderOf(t, { 'rules.yaml': text }), 'rules.yaml')
  const result = loadRules(path, env)
  if (!('complaints' in result)) return []
  return result.complaints.map(each =>
    formatComplaint(each)
      .replaceAll(path, 'rules.yaml')
      .replace(/^rules\.yaml:/, '')
  )
}
