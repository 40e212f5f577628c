import { join } from 'node:path'
import t from 'tap'
import { check } from '../../src/cli/check.ts'
import { folderOf } from '../rules/rule-files.ts'
import { run } from './run.ts'

t.test('rules that may run are ok, in one line', async t => {
  const { code, stdout, stderr } = await run(check, ['rules/default.yaml'])
  t.equal(code, 0)
  t.equal(stdout, 'rules/default.yaml: ok, 1 route, 1 upstream\n')
  t.equal(stderr, '')
})

t.test('warnings go to stderr and do not change the verdict', async t => {
  const { code, stdout, stderr } = await run(check, ['rules/edge.yaml'])
  t.equal(code, 0)
  t.equal(stdout, 'rules/edge.yaml: ok, 5 routes, 4 upstreams\n')
  t.ok(stderr.length > 0)
  for (const line of stderr.trimEnd().split('\n')) t.match(line, /^warning: rules\/edge\.yaml: /)
})

t.test('what a dialect loses is said with its meaning, for whoever meets it first', async t => {
  const { stderr } = await run(check, ['rules/edge.yaml'])
  for (const said of [
    /route catalogue: w3c can carry tracestate \(what vendors add to a trace\), b3 cannot: it ends here/,
    /route stock: .* can say "not kept", sw8 cannot: a trace that is not kept is not passed on, and services behind it may begin one of their own/,
    /routes orders\.get, orders, pages: .* can say "debug" \(keep this trace past every limit\), w3c cannot: the trace is kept like any other, and limits behind may cut it/,
    /trace ids of 16 digits \(64 bits\), w3c cannot: services behind get 16 zeros in front of them/,
    /route stock: baggage .* goes on as sw8, which takes values of at most 128 characters, no empty values/
  ])
    t.match(stderr, said)
})

t.test('everything that is wrong comes at once, with a count', async t => {
  const { code, stdout, stderr } = await run(check, ['test/golden/folder-wrong'])
  t.equal(code, 2)
  t.equal(stdout, '')
  const lines = stderr.trimEnd().split('\n')
  t.equal(lines.length, 8)
  for (const line of lines.slice(0, -1))
    t.match(line, /^test\/golden\/folder-wrong\/[ab]\.yaml:\d+:\d+ \.\S* expected|unknown/)
  t.equal(lines.at(-1), 'test/golden/folder-wrong: refused, 7 complaints')
})

t.test('several paths are each judged, and one that is wrong decides', async t => {
  const { code, stdout, stderr } = await run(check, [
    'rules/default.yaml',
    'no-such-file.yaml',
    'rules/legacy.yaml'
  ])
  t.equal(code, 2)
  t.match(stdout, /^rules\/default\.yaml: ok.*\nrules\/legacy\.yaml: ok/)
  t.match(stderr, /^no-such-file\.yaml:1:1 \. expected a readable file/)
})

t.test('--print writes a rule file with every default', async t => {
  const { code, stdout } = await run(check, ['--print', 'rules/legacy.yaml'])
  t.equal(code, 0)
  const again = folderOf(t, { 'rules.yaml': stdout })
  t.match(await run(check, [join(again, 'rules.yaml')]), { code: 0 })
  t.match(stdout, 'first-byte: 1m')
})

t.test('no path and an unknown flag are wrong usage', async t => {
  t.match(await run(check, []), { code: 2, stderr: /expects a rule file or folder/ })
  t.match(await run(check, ['--pront', 'x']), { code: 2, stderr: /--pront/ })
})

t.test('--help explains the command', async t => {
  t.match(await run(check, ['--help']), { code: 0, stdout: /tracebridge check PATH/ })
})
