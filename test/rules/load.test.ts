import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { formatComplaint } from '../../src/rules/complaint.ts'
import { loadRules } from '../../src/rules/load.ts'
import type { Overrides } from '../../src/rules/overrides.ts'
import { effortOf } from '../effort.ts'
import { complaintsOf, folderOf, loaded, minimal } from './rule-files.ts'

function refusal(path: string | undefined, overrides: Overrides = {}): readonly string[] {
  const result = loadRules(path, {}, overrides)
  return 'complaints' in result ? result.complaints.map(formatComplaint) : []
}

t.test('every ready-made rule file loads, and begins with the schema for editors', async t => {
  const files = readdirSync('rules').filter(name => name.endsWith('.yaml'))
  t.ok(files.length >= 4)
  for (const file of files) {
    t.same(refusal(join('rules', file)), [], file)
    const text = readFileSync(join('rules', file), 'utf8')
    t.ok(text.startsWith('# yaml-language-server: $schema=./schema.json\n'), file)
  }
})

t.test('without path and flags it is the embedded demo', async t => {
  const result = loadRules(undefined, {})
  t.ok('rules' in result && result.rules.upstreams.get('demo')?.echo)
})

t.test('--upstream alone is one catch-all route to one upstream', async t => {
  const result = loadRules(undefined, {}, { upstream: 'http://127.0.0.1:9000' })
  if (!('rules' in result)) throw new Error('refused')
  const route = result.rules.find({ host: 'x', path: '/a/b', method: 'PUT', header: () => undefined })
  t.equal(route?.template, '/**')
  t.equal(route?.upstream.name, 'upstream')
  t.same(
    route?.upstream.targets.map(each => each.origin),
    ['http://127.0.0.1:9000']
  )
  t.same(result.rules.exporters, [], 'the demo of the default rules has no say')
  t.equal(route?.policy.spans, 'none', 'so the gateway is a transparent hop')
})

t.test('flags win over the file, and leave the rest of it', async t => {
  const text = `${minimal}listen: [{ address: 1.2.3.4:1 }, { address: 1.2.3.4:2 }]
admin: { address: 1.2.3.4:3, token: abc }
emit: [b3]
`
  const { rules } = loaded(t, text, {}, { listen: ':0', admin: '[::1]:9', upstream: 'http://127.0.0.1:1' })
  t.match(rules.listen, [{ host: '0.0.0.0', port: 0 }])
  t.equal(rules.listen.length, 1)
  t.same(rules.admin, { host: '::1', port: 9, token: 'abc' })
  t.same([...rules.upstreams.keys()], ['upstream'])
  t.same(
    rules.routes.map(route => route.policy.emit.map(each => each.name)),
    [['b3']]
  )
})

t.test('a wrong flag is complained of by its name', async t => {
  t.same(refusal(undefined, { listen: 'here', admin: '1', upstream: 'localhost:9000' }), [
    '--listen expected an address such as 0.0.0.0:8080, [::1]:8080 or :8080',
    '--upstream expected a URL of scheme, host and port such as http://orders:8080'
  ])
})

t.test('what cannot be read is a complaint', async t => {
  const folder = folderOf(t, { 'big.yaml': `#${'x'.repeat(1024 * 1024)}`, 'sub/readme.txt': '' })
  writeFileSync(join(folder, 'bytes.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xff]))
  t.match(refusal(join(folder, 'none.yaml')), [
    /none\.yaml:1:1 \. expected a readable file or folder \(ENOENT\)$/
  ])
  t.match(refusal(join(folder, 'big.yaml')), [/expected at most 1 MiB$/])
  t.match(refusal(join(folder, 'bytes.yaml')), [/expected UTF-8 text/])
  t.match(refusal(join(folder, 'sub')), [/expected \.yaml files in this folder$/])
})

t.test('a folder is its rule files in name order, and nothing else in it', async t => {
  const folder = folderOf(t, {
    'b.yaml': 'routes: [{ match: { path: /b }, upstream: demo }]',
    'a.yml': minimal,
    '.hidden.yaml': 'nonsense: true',
    '..data/c.yaml': 'nonsense: true',
    'sub/d.yaml': 'nonsense: true',
    'e.yaml~': 'nonsense: true',
    'f.json': '{'
  })
  const result = loadRules(folder, {})
  if (!('rules' in result)) throw new Error(result.complaints.map(formatComplaint).join('\n'))
  t.same(
    result.rules.routes.map(route => route.template),
    ['/**', '/b']
  )
})

t.test('a refusal says which paths to watch, as much as rules do', async t => {
  const folder = folderOf(t, { 'rules.yaml': `${minimal}admin: { token: "\${file:token}" }` })
  const path = join(folder, 'rules.yaml')
  const before = loadRules(path, {})
  t.ok('complaints' in before)
  t.same(before.watch, [path, join(folder, 'token')])
  writeFileSync(join(folder, 'token'), 'abc')
  const after = loadRules(path, {})
  t.equal('rules' in after && after.rules.admin.token, 'abc')
  rmSync(join(folder, 'token'))
  t.ok('complaints' in loadRules(path, {}))
})

t.test('ten thousand routes load in a moment, and a mistake in each is told', async t => {
  const routes = (upstream: string) =>
    Array.from({ length: 10_000 }, (_, i) => `- { match: { path: /r${i} }, upstream: ${upstream} }`).join(
      '\n'
    )
  const text = `upstreams: { a: { echo: true } }\nroutes:\n${routes('a')}\n`
  const effort = effortOf(() => {
    t.equal(loaded(t, text).rules.routes.length, 10_000)
    t.equal(complaintsOf(t, text.replaceAll('upstream: a', 'upstream: b')).length, 10_000)
  })
  t.ok(effort < 15_000)
})
