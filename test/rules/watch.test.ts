import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { watchRules } from '../../src/rules/watch.ts'
import { until } from '../until.ts'
import { folderOf } from './rule-files.ts'

/** Watches, and tells how often something changed and what was then to be read. */
function watching(t: Test, paths: readonly string[], read: string) {
  const seen: string[] = []
  const watch = watchRules(paths, () => {
    try {
      seen.push(readFileSync(read, 'utf8'))
    } catch {
      seen.push('gone')
    }
  })
  t.teardown(() => watch.close())
  return seen
}

async function soon(t: Test, seen: readonly string[], last: string): Promise<void> {
  await until(() => seen.at(-1) === last, `${last} is seen`)
  t.pass(`${last} is seen`)
}

t.test('a file written in place is noticed', async t => {
  const path = join(folderOf(t, { 'rules.yaml': 'one' }), 'rules.yaml')
  const seen = watching(t, [path], path)
  writeFileSync(path, 'two')
  await soon(t, seen, 'two')
})

t.test('a file replaced by rename is noticed, again and again', async t => {
  const folder = folderOf(t, { 'rules.yaml': 'one' })
  const path = join(folder, 'rules.yaml')
  const seen = watching(t, [path], path)
  for (const text of ['two', 'three', 'four']) {
    writeFileSync(join(folder, '.rules.swp'), text)
    renameSync(join(folder, '.rules.swp'), path)
    await soon(t, seen, text)
  }
})

t.test('a file that goes away and comes back is noticed', async t => {
  const path = join(folderOf(t, { 'rules.yaml': 'one' }), 'rules.yaml')
  const seen = watching(t, [path], path)
  rmSync(path)
  await soon(t, seen, 'gone')
  writeFileSync(path, 'two')
  await soon(t, seen, 'two')
})

/** What the kubelet does to a mounted ConfigMap: a new folder, a new link, and one rename over the old one. */
function publish(mount: string, version: number, files: Readonly<Record<string, string>>): void {
  const data = join(mount, `..2024_01_01_00_00_0${version}.123`)
  mkdirSync(data)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(data, name), text)
  symlinkSync(data, join(mount, '..data_tmp'))
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
}

t.test('a ConfigMap swap is noticed, watched as a file or as a folder', async t => {
  for (const asFolder of [false, true]) {
    const mount = folderOf(t, {})
    publish(mount, 1, { 'rules.yaml': 'one' })
    const path = join(mount, 'rules.yaml')
    symlinkSync(join('..data', 'rules.yaml'), path)
    const seen = watching(t, [asFolder ? mount : path], path)
    for (const version of [2, 3, 4]) {
      publish(mount, version, { 'rules.yaml': `version ${version}` })
      rmSync(join(mount, `..2024_01_01_00_00_0${version - 1}.123`), { recursive: true })
      await soon(t, seen, `version ${version}`)
    }
    t.equal(seen.length, 3, 'once for each swap')
  }
})

t.test('a swap behind a link to another folder is noticed', async t => {
  const folder = folderOf(t, { 'real/rules.yaml': 'one', 'etc/none': '' })
  const path = join(folder, 'etc', 'rules.yaml')
  symlinkSync(join(folder, 'real', 'rules.yaml'), path)
  const seen = watching(t, [path], path)
  writeFileSync(join(folder, 'real', 'rules.yaml'), 'two')
  await soon(t, seen, 'two')
})

t.test('what no event tells of is noticed by looking: a link in the middle of a chain', async t => {
  const folder = folderOf(t, {
    'old/rules.yaml': 'one',
    'new/rules.yaml': 'two',
    'hop/none': '',
    'etc/none': ''
  })
  const path = join(folder, 'etc', 'rules.yaml')
  symlinkSync(join(folder, 'hop', 'link'), path)
  symlinkSync(join(folder, 'old', 'rules.yaml'), join(folder, 'hop', 'link'))
  const seen = watching(t, [path], path)
  symlinkSync(join(folder, 'new', 'rules.yaml'), join(folder, 'hop', 'next'))
  renameSync(join(folder, 'hop', 'next'), join(folder, 'hop', 'link'))
  await soon(t, seen, 'two')
})

t.test('a file added to a folder of rules is noticed, and so is one taken away', async t => {
  const folder = folderOf(t, { 'a.yaml': 'one' })
  const added = join(folder, 'b.yaml')
  const seen = watching(t, [folder], added)
  writeFileSync(added, 'two')
  await soon(t, seen, 'two')
  rmSync(added)
  await soon(t, seen, 'gone')
  t.equal(seen.length, 2)
})

t.test('the same bytes written again, and files beside the rules, are no change', async t => {
  const folder = folderOf(t, { 'rules.yaml': 'one', token: 'a' })
  const path = join(folder, 'rules.yaml')
  const token = join(folder, 'token')
  const other = join(folder, 'other.yaml')
  const seen = watching(t, [path, token], token)
  const seenBeside = watching(t, [other], other)
  writeFileSync(path, 'one')
  writeFileSync(other, 'x')
  // The events of both have been looked at by now, for this watch was the later one.
  await soon(t, seenBeside, 'x')
  writeFileSync(token, 'b')
  await soon(t, seen, 'b')
  t.same(seen, ['b'])
})

t.test('once closed nothing is called', async t => {
  const path = join(folderOf(t, { 'rules.yaml': 'one' }), 'rules.yaml')
  let calls = 0
  const watch = watchRules([path], () => calls++)
  watch.close()
  const other = watching(t, [path], path)
  writeFileSync(path, 'two')
  await soon(t, other, 'two')
  t.equal(calls, 0)
})

t.test('what never ends is not read, and what is beside it is noticed all the same', async t => {
  const path = join(folderOf(t, { 'rules.yaml': 'one' }), 'rules.yaml')
  const seen = watching(t, ['/dev/zero', path], path)
  writeFileSync(path, 'two')
  await soon(t, seen, 'two')
})
