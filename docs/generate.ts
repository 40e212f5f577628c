// Writes what documents say of the code: the tables between `generated:` marks, docs/rules.md, and the schemas of the
// rules and of the chart's values. `npm run generate` writes, the test reads: what is not fresh fails it.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { valuesSchema, valuesTable } from './chart.ts'
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
  ['rules', ruleTable],
  ['values', valuesTable]
])

/** The text of a file as it is. */
export function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/** Every generated document, fresh. */
export function documents(): readonly Document[] {
  const paths = [
    'README.md',
    'docs/rules.md',
    'docs/operating.md',
    'docs/traces.md',
    'helm/tracebridge/README.md'
  ]
  const filled = paths.map(path => ({ path, text: fill(read(path)) }))
  return [
    ...filled,
    { path: 'rules/schema.json', text: `${JSON.stringify(rulesSchema(), null, 2)}\n` },
    { path: 'helm/tracebridge/values.schema.json', text: `${JSON.stringify(valuesSchema(), null, 2)}\n` }
  ]
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
