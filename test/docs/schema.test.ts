import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { rulesSchema } from '../../docs/schema.ts'

type Schema = {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
  readonly description?: string
}

const schema: Schema = JSON.parse(JSON.stringify(rulesSchema()))

/** The keywords that the schema uses, as draft 7 has them. */
function valid(value: unknown, against: Schema | boolean | undefined): boolean {
  if (against === undefined || typeof against === 'boolean') return against !== false
  if (against.anyOf !== undefined && !against.anyOf.some(each => valid(value, each))) return false
  if (against.enum !== undefined && !against.enum.includes(value)) return false
  if ('const' in against && against.const !== value) return false
  switch (against.type) {
    case 'string':
      return typeof value === 'string' && new RegExp(against.pattern ?? '').test(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'number':
      return typeof value === 'number'
    case 'integer':
      return Number.isInteger(value)
    case 'array':
      return Array.isArray(value) && value.every(each => valid(each, against.items))
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
      const known = new Map(Object.entries(against.properties ?? {}))
      return (
        (against.required ?? []).every(key => Object.hasOwn(value, key)) &&
        Object.entries(value).every(([key, each]) =>
          valid(each, known.get(key) ?? against.additionalProperties)
        )
      )
    }
    default:
      return true
  }
}

t.test('rules/schema.json is what the code says now: npm run generate writes it', async t => {
  t.same(JSON.parse(readFileSync('rules/schema.json', 'utf8')), schema)
})

t.test('every ready-made rule file, and every right one of the golden ones, is valid by it', async t => {
  const right = readdirSync('test/golden').filter(name => name.endsWith('.effective'))
  const files = [
    ...readdirSync('rules')
      .filter(name => name.endsWith('.yaml'))
      .map(name => join('rules', name)),
    ...right.map(name => join('test/golden', name))
  ]
  t.ok(files.length > 6)
  for (const file of files) t.ok(valid(parse(readFileSync(file, 'utf8')), schema), file)
})

t.test('what check refuses for its structure, it refuses too', async t => {
  const minimal = { upstreams: { a: { echo: true } }, routes: [] }
  t.ok(valid(minimal, schema))
  t.notOk(valid({ upstreams: {} }, schema), 'a key that must be there')
  t.notOk(valid({ ...minimal, emits: [] }, schema), 'an unknown key')
  t.notOk(
    valid({ ...minimal, emit: ['B4!'] }, schema),
    'no name of a dialect; which there are, the rules say'
  )
  t.notOk(valid({ ...minimal, upstreams: { a: { ecco: true } } }, schema), 'an unknown key further down')
  t.notOk(valid({ ...minimal, cors: { origins: [], credentials: 'yes' } }, schema))
})

t.test('a reference may stand for any value', async t => {
  const targets = [{ url: `\${URL}`, weight: `\${WEIGHT}` }]
  t.ok(
    valid(
      { upstreams: { a: { targets, emit: [`\${DIALECT}`] }, b: { echo: `\${ECHO}` } }, routes: [] },
      schema
    )
  )
})

t.test('every key is described, for editors to show', async t => {
  const walk = (node: Schema | boolean | undefined, path: string): void => {
    if (node === undefined || typeof node === 'boolean') return
    for (const [key, each] of Object.entries(node.properties ?? {})) {
      t.ok(each.description, `${path}.${key}`)
      walk(each, `${path}.${key}`)
    }
    walk(node.items, `${path}[]`)
    walk(node.additionalProperties, `${path}.NAME`)
    for (const each of node.anyOf ?? []) walk(each, path)
  }
  walk(schema, '')
})
