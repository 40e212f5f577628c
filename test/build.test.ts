// The build, as it is in a package: what of it `serve` loads, and that it finds the files which are not in it.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'
import t from 'tap'
import options from '../rolldown.config.ts'
import { startChild, startServing } from './child.ts'
import { startOrigin } from './origin.ts'

const folder = mkdtempSync(join(tmpdir(), 'tracebridge-build-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
mkdirSync(join(folder, 'bin'))
for (const file of ['package.json', 'bin/tracebridge']) copyFileSync(file, join(folder, file))
for (const part of ['node_modules', 'rules']) symlinkSync(resolve(part), join(folder, part))
const program = join(folder, 'bin/tracebridge')

/** What each source imports, by path, but for what it loads on demand. */
const importsOf = new Map<string, readonly string[]>()
const { output, ...input } = options
const bundle = await rolldown({
  ...input,
  plugins: [{ name: 'imports', moduleParsed: ({ id, importedIds }) => void importsOf.set(id, importedIds) }]
})
const written = await bundle.write({ ...output, dir: join(folder, 'dist') })
await bundle.close()
const chunks = new Map(
  written.output.flatMap((file): [string, OutputChunk][] =>
    file.type === 'chunk' ? [[file.fileName, file]] : []
  )
)

/** These and all that is loaded with them. */
function closure(names: readonly string[], next: (name: string) => readonly string[]): ReadonlySet<string> {
  const found = new Set(names)
  for (const name of found) for (const other of next(name)) found.add(other)
  return found
}

t.test('serve loads what it imports, and nothing of other commands', async t => {
  const sources = ['src/main.ts', 'src/cli/serve.ts'].map(file => resolve(file))
  const imported = closure(sources, id => importsOf.get(id) ?? [])
  const files = closure(['main.js', 'serve.js'], name => chunks.get(name)?.imports ?? [])
  const loaded = [...files]
    .flatMap(name => chunks.get(name)?.moduleIds ?? [])
    .filter(id => id.startsWith('/'))
  t.ok(sources.every(source => loaded.includes(source)))
  t.strictSame(
    loaded.filter(id => !imported.has(id) && !id.includes('/node_modules/yaml/')),
    []
  )
  for (const command of ['check', 'gate', 'smoke', 'spans']) {
    t.notOk(loaded.includes(resolve(`src/cli/${command}.ts`)), command)
  }
  const few = [...files].filter(name => chunks.has(name)).length
  t.ok(few < 30, `${few} files`)
})

t.test('nothing imports main.js, which would wait for itself', async t => {
  for (const { fileName, imports } of chunks.values()) t.notOk(imports.includes('main.js'), fileName)
})

t.test('packages are not in it, but yaml with its licence', async t => {
  const packages = [...importsOf.keys()].filter(id => id.includes('/node_modules/'))
  t.ok(packages.length > 0)
  t.ok(packages.every(id => id.includes('/node_modules/yaml/')))
  for (const { code, moduleIds } of chunks.values()) {
    if (moduleIds.some(id => packages.includes(id)))
      t.ok(code.includes('Permission to use, copy, modify, and/or distribute'))
  }
})

t.test('it finds its version and its default rules', async t => {
  const version = startChild(t, ['--version'], program)
  t.equal(await version.exited, 0, version.stderr())
  t.equal(version.stdout(), `${JSON.parse(readFileSync('package.json', 'utf8')).version}\n`)
  const { port } = await startServing(t, [], undefined, program)
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200)
})

t.test('workers serve from it, with packages that are loaded on demand', async t => {
  const origin = await startOrigin(t)
  const rules = join(folder, 'rules.yaml')
  writeFileSync(
    rules,
    `dialects: { theirs: { package: "@opentelemetry/propagator-b3", options: { injectEncoding: 1 } } }
accept: [w3c, theirs]
upstreams: { a: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: a, upgrade: [websocket] }]
`
  )
  const serving = await startServing(t, ['--workers', '2', '--rules', rules], undefined, program)
  const answer = await fetch(`http://127.0.0.1:${serving.port}/`)
  t.equal(answer.status, 200)
  serving.process.kill('SIGTERM')
  t.equal(await serving.exited, 0, serving.stderr())
})
