import t from 'tap'
import {
  accepted,
  acceptedByRank,
  acceptedNames,
  byRank,
  dialectNames,
  dialects
} from '../../src/dialects/find.ts'
import * as registry from '../../src/dialects/index.ts'

t.test('every registered dialect is found by the name that rules use', async t => {
  for (const [name, dialect] of Object.entries(registry)) t.equal(accepted.get(name), dialect, name)
  t.equal(accepted.size, Object.keys(registry).length)
  t.strictSame(acceptedNames, Object.keys(registry).sort())
})

t.test('all of them are written but the one that only its vendor may write', async t => {
  const read = Object.keys(registry).sort()
  t.strictSame(
    dialectNames,
    read.filter(name => name !== 'newrelic')
  )
  t.strictSame([...dialects.keys()], dialectNames)
  t.strictSame(
    acceptedByRank.filter(({ name }) => name !== 'newrelic'),
    byRank
  )
})

t.test('names that every object knows are no dialects', async t => {
  for (const name of ['__proto__', 'constructor', 'default', '']) t.equal(accepted.get(name), undefined, name)
})

t.test('a dialect supersedes only dialects that there are', async t => {
  for (const dialect of accepted.values()) {
    for (const name of dialect.supersedes) t.ok(accepted.has(name), `${dialect.name} supersedes ${name}`)
  }
})

t.test('no two dialects share a field but where one steps in for the other', async t => {
  const owners = new Map<string, string>()
  for (const { name, fields, supersedes } of acceptedByRank) {
    for (const field of fields.map(field => field.toLowerCase())) {
      const owner = accepted.get(owners.get(field) ?? '')
      const stepsIn =
        owner === undefined || owner.supersedes.includes(name) || supersedes.includes(owner.name)
      t.ok(stepsIn, `${field} of ${owner?.name ?? 'nobody'} and ${name}`)
      owners.set(field, name)
    }
  }
})
