import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

t.test('no more is read than asked for, whatever a file says of its size', async t => {
  const folder = folderOf(t, {
    ten: '0123456789',
    'rules.yaml': rules.replace('file:token', 'file:/dev/zero')
  })
  const file = join(folder, 'ten')
  t.equal(disk.read(file, 10)?.toString(), '0123456789')
  t.equal(disk.read(file, 9), undefined)
  // Its size is 0, and it never ends.
  t.throws(() => disk.read('/dev/zero', 10), { code: 'not a regular file' })
  t.match(JSON.stringify(loadRules(folder, env)), 'expected a readable file of at most 64 KiB')
})

t.test('a pipe is read where this process was handed it, and waited for nowhere else', async t => {
  const folder = folderOf(t, {})
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  t.throws(() => disk.read(pipe, 10), { code: 'not a regular file' })
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const text =
    'upstreams: { a: { targets: [{ url: "http://127.0.0.1:9" }] } }\nroutes: [{ match: {}, upstream: a }]\n'
  const piped = 'printf %s "$1" | "$2" "$3" check /dev/stdin'
  const args = ['-c', piped, 'sh', text, process.execPath, main]
  t.match(execFileSync('sh', args, { encoding: 'utf8' }), '/dev/stdin: ok, 1 route')
})
