// bin/tracebridge in a package: no node of its own, so it takes the one in PATH.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import t from 'tap'

const folder = mkdtempSync(join(tmpdir(), 'tracebridge-launcher-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
for (const name of ['bin', 'dist', 'path']) mkdirSync(join(folder, name))
copyFileSync('bin/tracebridge', join(folder, 'bin/tracebridge'))
writeFileSync(join(folder, 'dist/main.js'), 'console.log("started", process.argv[2])')

/** Starts it where `node` is this one, which says of itself that it is of that version. */
function startOn(version: string) {
  const disguise = join(folder, 'disguise.cjs')
  writeFileSync(disguise, `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`)
  const node = join(folder, 'path/node')
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' --require '${disguise}' "$@"\n`)
  chmodSync(node, 0o755)
  const { NODE_OPTIONS: _, ...env } = process.env
  const PATH = [join(folder, 'path'), env['PATH']].join(delimiter)
  return spawnSync(join(folder, 'bin/tracebridge'), ['serve'], {
    env: { ...env, PATH },
    encoding: 'utf8'
  })
}

t.test('Node 24 and later starts the build', async t => {
  for (const version of ['24.0.0', '26.1.0']) {
    const { status, stdout, stderr } = startOn(version)
    t.equal(status, 0, stderr)
    t.equal(stdout, 'started serve\n')
  }
})

t.test('an older one is refused', async t => {
  const { status, stdout, stderr } = startOn('22.19.0')
  t.equal(status, 1)
  t.equal(stdout, '')
  t.match(stderr, 'tracebridge: Node 24 or later is needed')
})
