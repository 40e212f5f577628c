import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { createLines } from '../../src/report/lines.ts'
import { createLog } from '../../src/report/log.ts'
import { until } from '../until.ts'

function contentOf(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

t.test('lines arrive whole and in order, without waiting for close()', async t => {
  const path = join(t.testdir(), 'logs', 'access.log')
  const lines = createLines(path)
  const expected = Array.from({ length: 5000 }, (_, i) => `{"n":${i},"ü":"訂單"}\n`)
  for (const line of expected) lines.write(line)
  const all = expected.join('')
  await until(async () => (await contentOf(path)) === all, 'the file is written')
  await lines.close()
  t.equal(await contentOf(path), all)
  t.strictSame(lines.counts(), { lines: 5000, lost: 0, errors: 0 })
})

t.test('reopen() after a rotation writes to the new file and loses nothing', async t => {
  const dir = t.testdir()
  const path = join(dir, 'access.log')
  const lines = createLines(path)
  lines.write('1\n')
  await until(async () => (await contentOf(path)) === '1\n', 'the first line is written')
  await rename(path, `${path}.1`)
  lines.write('2\n')
  lines.reopen()
  await until(async () => (await contentOf(path)) !== undefined, 'the new file is there')
  lines.write('3\n')
  await lines.close()
  t.equal(`${await contentOf(`${path}.1`)}${await contentOf(path)}`, '1\n2\n3\n')
  t.match(await contentOf(path), '3\n')
})

t.test('a file that cannot be opened costs its lines, is said once, and reopen() heals it', async t => {
  const dir = t.testdir({ taken: 'a file, not a folder' })
  const path = join(dir, 'taken', 'access.log')
  const said: string[] = []
  const lines = createLines(path, createLog({ level: 'info', write: line => said.push(line) }))
  lines.write('0\n')
  await until(() => lines.counts().lost === 1, 'a line that waited for the file is counted as lost')
  lines.write('1\n')
  await until(() => lines.counts().lost === 2, 'and one that came later')
  lines.reopen()
  await until(() => lines.counts().errors === 2, 'again')
  t.equal(said.length, 1)
  t.match(said[0], '"message":"the access log cannot be written"')
  await rename(join(dir, 'taken'), join(dir, 'moved'))
  await mkdir(join(dir, 'taken'))
  lines.reopen()
  await until(async () => (await contentOf(path)) !== undefined, 'the new file is there')
  lines.write('2\n')
  await lines.close()
  t.equal(await contentOf(path), '2\n')
})

t.test('none writes nowhere', async t => {
  const lines = createLines('none')
  lines.write('1\n')
  lines.reopen()
  await lines.close()
  t.strictSame(lines.counts(), { lines: 0, lost: 0, errors: 0 })
})

const script = `
  import { createLines } from ${JSON.stringify(fileURLToPath(new URL('../../src/report/lines.ts', import.meta.url)))}
  const lines = createLines('stdout')
  lines.write('first\\n')
  process.stdin.once('data', () => {
    const again = setInterval(() => {
      lines.write('x'.repeat(20000) + '\\n')
      if (lines.counts().errors === 0) return
      clearInterval(again)
      lines.close(1000).then(() => {
        process.stderr.write(JSON.stringify(lines.counts()))
        process.exit(0)
      })
    }, 1)
  })
`

t.test('a reader of stdout that goes away is counted, and the process lives on', async t => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script])
  t.teardown(() => child.kill())
  const errors = text(child.stderr)
  const [first] = await once(child.stdout, 'data')
  t.equal(String(first), 'first\n')
  child.stdout.destroy()
  child.stdin.write('go\n')
  const [code] = await once(child, 'exit')
  t.equal(code, 0)
  t.ok(JSON.parse(await errors).errors > 0)
})
