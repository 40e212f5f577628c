// Imports go down only: a room may use the rooms listed for it, and no other.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const src = fileURLToPath(new URL('../src', import.meta.url))

const may: Readonly<Record<string, readonly string[]>> = {
  trace: [],
  baggage: ['trace'],
  dialects: ['trace'],
  samplers: ['trace'],
  exporters: ['trace', 'version'],
  mediate: ['trace', 'baggage', 'dialects', 'samplers'],
  route: [],
  sketch: [],
  gate: ['sketch'],
  rules: ['trace', 'baggage', 'dialects', 'samplers', 'exporters', 'mediate', 'route', 'home'],
  report: ['trace', 'dialects', 'exporters', 'mediate', 'rules', 'sketch', 'version'],
  proxy: ['trace', 'baggage', 'dialects', 'samplers', 'mediate', 'route', 'rules', 'report', 'listen'],
  logs: ['trace', 'dialects', 'exporters', 'mediate', 'report', 'route', 'rules'],
  translate: ['trace', 'mediate', 'rules', 'proxy'],
  echo: ['listen'],
  admin: ['trace', 'rules', 'report', 'translate', 'sketch', 'gate', 'listen'],
  app: ['trace', 'rules', 'report', 'proxy', 'echo', 'admin'],
  crash: ['report'],
  workers: ['rules', 'report', 'admin', 'app', 'crash', 'listen'],
  cli: [
    'trace',
    'rules',
    'logs',
    'report',
    'translate',
    'sketch',
    'gate',
    'echo',
    'app',
    'crash',
    'workers',
    'version'
  ],
  main: ['cli', 'workers', 'version'],
  version: ['home'],
  home: [],
  listen: []
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : path.endsWith('.ts') ? [path] : []
  })
}

/** The folder below src, or the name of a file that stands there alone. */
function roomOf(path: string): string {
  const [first = ''] = relative(src, path).split(sep)
  return first.replace(/\.ts$/, '')
}

t.test('every import goes down', async t => {
  const importing = /(?:from|import)\s*\(?'(\.[^']+)'/g
  for (const file of filesBelow(src)) {
    const room = roomOf(file)
    const allowed = may[room]
    if (allowed === undefined) {
      t.fail(`${room} is a room that this test does not know`)
      continue
    }
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(importing)) {
      const into = roomOf(join(dirname(file), target))
      t.ok(into === room || allowed.includes(into), `${relative(src, file)} may not import ${into}`)
    }
  }
})

t.test(
  'the heart, the dialects and what lies below them touch no socket, file, clock or process',
  async t => {
    const world = /from 'node:(?!crypto')|process\.|Date\.now|performance\./
    for (const room of ['trace', 'baggage', 'dialects', 'samplers', 'mediate', 'route', 'sketch', 'gate']) {
      for (const file of filesBelow(join(src, room))) {
        t.notMatch(readFileSync(file, 'utf8'), world, `${relative(src, file)} is pure`)
      }
    }
  }
)

t.test('only main.ts ends the process or listens to its signals', async t => {
  for (const file of filesBelow(src)) {
    if (roomOf(file) === 'main') continue
    t.notMatch(readFileSync(file, 'utf8'), /process\.(exit|on\(|argv)/, relative(src, file))
  }
})
