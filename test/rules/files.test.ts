import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import t from 'tap'
import { disk, recorded, replayed } from '../../src/rules/files.ts'
import { type Loaded, loadRules, type Refusal } from '../../src/rules/load.ts'
import { folderOf } from './rule-files.ts'

const rules = `
admin: { token: "\${file:token}" }
listen: [{ address: ":8443", tls: { cert: tls.pem, key: tls.key } }]
upstreams: { demo: { targets: [{ url: "\${UPSTREAM}" }] } }
`
const env = { UPSTREAM: 'http://127.0.0.1:9' }

function shown(loaded: Loaded | Refusal): unknown {
  if ('complaints' in loaded) return loaded.complaints
  const { admin, listen, routes, effective } = loaded.rules
  return [admin, listen.map(({ tls }) => tls?.options), routes.map(({ name }) => name), effective]
}

t.test('what was read once can be read again elsewhere, whatever became of the disk', async t => {
  const folder = folderOf(t, {
    'a.yaml': rules,
    'b.yaml': 'routes: [{ match: {}, upstream: demo }]',
    'notes.txt': 'no rules',
    token: 'open-sesame\n',
    'tls.pem': disk.read('test/tls/shop.pem', 1e6)?.toString() ?? '',
    'tls.key': disk.read('test/tls/shop.key', 1e6)?.toString() ?? ''
  })
  const { files, snapshot } = recorded(disk)
  const before = loadRules(folder, env, {}, undefined, { from: files, workers: 1 })
  t.notOk('complaints' in before)
  for (const name of ['a.yaml', 'token', 'tls.pem']) writeFileSync(join(folder, name), 'nonsense: [')
  rmSync(join(folder, 'b.yaml'))
  const sent = deserialize(serialize(snapshot))
  const after = loadRules(folder, env, {}, undefined, { from: replayed(sent), workers: 1 })
  t.strictSame(shown(after), shown(before))
  t.match(shown(after), [{ token: 'open-sesame' }])
  t.ok('complaints' in loadRules(folder, env), 'the disk says otherwise')
})

t.test('what could not be read once cannot be read again', async t => {
  const folder = folderOf(t, { 'large.yaml': '#'.repeat(2 ** 20 + 1) })
  for (const path of [join(folder, 'large.yaml'), join(folder, 'none.yaml')]) {
    const { files, snapshot } = recorded(disk)
    const before = loadRules(path, env, {}, undefined, { from: files, workers: 1 })
    const after = loadRules(path, env, {}, undefined, { from: replayed(snapshot), workers: 1 })
    t.ok('complaints' in after)
    t.strictSame(shown(after), shown(before))
  }
  t.throws(
    () => replayed(new Map()).read('/etc/passwd', 1e6),
    { code: 'ENOENT' },
    'nor what nobody asked for'
  )
})
