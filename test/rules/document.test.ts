import fc from 'fast-check'
import t from 'tap'
import { formatComplaint } from '../../src/rules/complaint.ts'
import { parseRuleFile } from '../../src/rules/document.ts'
import { child, type Located, plain } from '../../src/rules/located.ts'
import { effortOf } from '../effort.ts'

function parse(text: string) {
  const { root, complaints, readable } = parseRuleFile(text, 'f', '/f', {})
  return {
    value: root === undefined ? undefined : plain(root, new Map()),
    root,
    complaints: complaints.map(formatComplaint),
    readable
  }
}

function placeOf(node: Located | undefined): string {
  return node === undefined ? 'nowhere' : `${node.place.line}:${node.place.column} ${node.place.path}`
}

t.test('every value knows its line, column and path', async t => {
  const { root } = parse('a:\n  b: [1, { c: x }]\n"odd key": y\n')
  t.equal(placeOf(child(child(root, 'a'), 'b')), '2:6 .a.b')
  t.equal(placeOf(child(child(child(child(root, 'a'), 'b'), 1), 'c')), '2:15 .a.b[1].c')
  t.equal(placeOf(child(root, 'odd key')), '3:12 .["odd key"]')
})

t.test('scalars are those of YAML 1.2: yes and 0o14 are no booleans and octals of 1.1', async t => {
  t.same(parse('{ a: yes, b: on, c: 0o14, d: 012, e: 1_000, f: true, g: ~, h: 2001-01-01, i: 1e3 }').value, {
    a: 'yes',
    b: 'on',
    c: 12,
    d: 12,
    e: '1_000',
    f: true,
    g: null,
    h: '2001-01-01',
    i: 1000
  })
})

t.test('keys are text, whatever they look like', async t => {
  t.same(parse('{ 8080: a, true: b }').value, { 8080: 'a', true: 'b' })
})

t.test('aliases stand for what they name', async t => {
  t.same(parse('a: &x [1, 2]\nb: *x').value, { a: [1, 2], b: [1, 2] })
})

t.test('aliases that multiply are cut off, quickly', async t => {
  const levels = Array.from(
    { length: 30 },
    (_, i) => `k${i}: &k${i} [${i === 0 ? 'x' : Array(9).fill(`*k${i - 1}`)}]`
  )
  const effort = effortOf(() => {
    t.match(parse(levels.join('\n')).complaints, [/expected fewer aliases$/])
  })
  t.ok(effort < 2000)
})

t.test('an alias of nothing and an alias of itself are complained of', async t => {
  t.match(parse('a: *none').complaints, [/an anchor above it$/])
  t.match(parse('a: &a [*a]').complaints, [/expected no alias of itself/])
})

t.test('nesting without end is refused, not a crash', async t => {
  t.ok(parse('['.repeat(100_000)).complaints.length > 0)
  t.ok(parse(`a: ${'['.repeat(1000)}${']'.repeat(1000)}`).complaints.length > 0)
  t.ok(parse('- '.repeat(100_000)).complaints.length > 0)
})

t.test('a document that asks for YAML 1.1 is refused', async t => {
  t.match(parse('%YAML 1.1\n---\na: yes\n').complaints, ['f:1:1 . expected YAML 1.2'])
  t.same(parse('%YAML 1.2\n---\na: yes\n').value, { a: 'yes' })
})

t.test('any text gives a tree, complaints, or is empty of content; it never throws', async () => {
  const pieces = fc.constantFrom(
    'a',
    ': ',
    '- ',
    '? ',
    '\n',
    '  ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '"',
    "'",
    '|',
    '>',
    '#',
    '!t ',
    '%',
    '---',
    '\0',
    '\t',
    '\ud800'
  )
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map(each => each.join(''))
  )
  fc.assert(
    fc.property(texts, text => {
      const { root, complaints, readable } = parse(text)
      return readable ? root !== undefined || complaints.length === 0 : complaints.length > 0
    }),
    { numRuns: 2000 }
  )
})
