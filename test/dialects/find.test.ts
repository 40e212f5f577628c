import t from 'tap'
import { byRank, dialectNames, dialects } from '../../src/dialects/find.ts'
import * as registry from '../../src/dialects/index.ts'

t.test('every registered dialect is found by the name that rules use', async t => {
  for (const [name, dialect] of Object.entries(registry)) t.equal(dialects.get(name), dialect, name)
  t.equal(dialects.size, Object.keys(registry).length)
  t.strictSame(dialectNames, Object.keys(registry).sort())
})

t.test('names that every object knows are no dialects', async t => {
  for (const name of ['__proto__', 'constructor', 'default', '']) t.equal(dialects.get(name), undefined, name)
})

t.test('a dialect supersedes only dialects that there are', async t => {
  for (const dialect of dialects.values()) {
    for (const name of dialect.supersedes) t.ok(dialects.has(name), `${dialect.name} supersedes ${name}`)
  }
})

t.test('no two dialects share a field but where one steps in for the other', async t => {
  const owners = new Map<string, string>()
  for (const { name, fields, supersedes } of byRank) {
    for (const field of fields.map(field => field.toLowerCase())) {
      const owner = dialects.get(owners.get(field) ?? '')
      const stepsIn =
        owner === undefined || owner.supersedes.includes(name) || supersedes.includes(owner.name)
      t.ok(stepsIn, `${field} of ${owner?.name ?? 'nobody'} and ${name}`)
      owners.set(field, name)
    }
  }
})
