// What is measured beside the gateway: found or missed with a reason, and its packages pinned as ours are.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { peers } from './peers/all.ts'
import { findProgram } from './peers/peer.ts'

const folder = new URL('peers/', import.meta.url)
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))

t.test('a program that is not there says so', async t => {
  t.strictSame(findProgram('no-such-program', '-v'), { missing: 'no no-such-program on the PATH' })
})

t.test('a program says its version', async t => {
  t.match(findProgram('node', '--version'), { version: /^\d+\.\d+\.\d+$/ })
})

t.test('every peer says how it is set up', async t => {
  for (const { name, settings } of peers) t.ok(settings.length > 20, name)
})

t.test('the packages of peers are exact versions with digests, from one registry', async t => {
  for (const version of Object.values(read('package.json').dependencies)) t.match(version, /^\d+\.\d+\.\d+$/)
  const packages = Object.entries<{ resolved?: string; integrity?: string; hasInstallScript?: boolean }>(
    read('package-lock.json').packages
  ).filter(([path]) => path !== '')
  t.ok(packages.length > 20)
  for (const [path, { resolved = '', integrity = '', hasInstallScript }] of packages) {
    t.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/, path)
    t.ok(resolved.startsWith('https://registry.npmjs.org/'), path)
    t.not(hasInstallScript, true, path)
  }
})
