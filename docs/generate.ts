// Writes what documents say of the code: the tables between `generated:` marks, docs/rules.md and rules/schema.json.
// `npm run generate` writes, the test reads: a table that is not fresh fails it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rulesSchema } from './schema.ts'
import { baggageTable, dialectTable, failureTable, metricTable, ruleTable } from './tables.ts'

/** A file of the repository and the text it should hold. */
export type Document = { readonly path: string; readonly text: string }

const root = new URL('../', import.meta.url)

const tables: ReadonlyMap<string, () => string> = new Map([
  ['baggage', baggageTable],
  ['dialects', dialectTable],
  ['failures', failureTable],
  ['metrics', metricTable],
  ['rules', ruleTable]
])

/** The text of a file as it is. */
export function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** Every generated document, fresh. */
export function documents(): readonly Document[] {
  const filled = ['README.md', 'docs/rules.md', 'docs/operating.md', 'docs/traces.md'].map(path => ({
    path,
    text: fill(read(path))
  }))
  return [...filled, { path: 'rules/schema.json', text: `${JSON.stringify(rulesSchema(), null, 2)}\n` }]
}

function fill(text: string): string {
  return text.replace(
    /(<!-- generated: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables.get(name)
      if (table === undefined) throw new Error(`no table is called ${name}`)
      return `${begin}${table()}\n${end}`
    }
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of documents()) writeFileSync(new URL(path, root), text)
}
