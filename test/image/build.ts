// Builds the stages of a Dockerfile as folders: each stage has a root of its own and begins empty, as its image has
// nothing of ours. Must not reach files that .dockerignore leaves out.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import type { Stage, Step } from './dockerfile.ts'

export type BuildPlace = {
  /** The folder with the Dockerfile. */
  readonly context: string
  /** Where stages come to be. */
  readonly folder: string
  /** What runs in place of the image's Node. */
  readonly node: string
}

const stepLimitMs = 300_000

/** Runs every step; throws when one fails. Gives the root of the last stage. */
export function build(stages: readonly Stage[], place: BuildPlace, say: (line: string) => void): string {
  const roots = new Map<string, string>()
  let last = ''
  for (const stage of stages) {
    last = join(place.folder, stage.name)
    mkdirSync(last)
    roots.set(stage.name, last)
    let cwd = '/'
    for (const step of stage.steps) {
      say(`  ${stage.name}: ${told(step)}`)
      if (step.kind === 'workdir') cwd = step.path
      const at = join(last, cwd)
      mkdirSync(at, { recursive: true })
      if (step.kind === 'copy') copy(step, at, roots, place.context)
      if (step.kind === 'run') run(step, at, stage, place.node)
    }
  }
  return last
}

function told(step: Step): string {
  if (step.kind === 'workdir') return `WORKDIR ${step.path}`
  if (step.kind === 'copy') return `COPY ${step.sources.join(' ')} ${step.to}`
  return `RUN ${typeof step.command === 'string' ? step.command : step.command.slice(0, 2).join(' ')}`
}

function copy(
  { from, sources, to }: Step & { kind: 'copy' },
  at: string,
  roots: ReadonlyMap<string, string>,
  context: string
): void {
  const root = from === undefined ? context : roots.get(from)
  if (root === undefined) throw new Error(`COPY --from=${from}: there is no such stage`)
  if (from === undefined) for (const source of sources) allow(source, context)
  for (const source of sources) {
    const folder = statSync(join(root, source)).isDirectory()
    const into = folder || !to.endsWith('/') ? join(at, to) : join(at, to, basename(source))
    mkdirSync(dirname(into), { recursive: true })
    cpSync(join(root, source), into, { recursive: true, verbatimSymlinks: true })
  }
}

/** .dockerignore leaves everything out but what it names with `!`. */
function allow(source: string, context: string): void {
  const lines = readFileSync(join(context, '.dockerignore'), 'utf8').split('\n')
  const first = posix.normalize(source).split('/')[0]
  if (!lines.includes('*') || !lines.includes(`!${first}`)) {
    throw new Error(`COPY ${source}: .dockerignore leaves it out`)
  }
}

function run({ command }: Step & { kind: 'run' }, cwd: string, stage: Stage, node: string): void {
  const words = typeof command === 'string' ? ['/bin/sh', '-c', command] : command
  const [file = '', ...args] = placed(words, node, '')
  // The image's PATH leads to its own Node first, so ours does to the one that stands for it.
  const env = {
    ...clean(process.env),
    ...Object.fromEntries(stage.env),
    PATH: `${dirname(node)}:/usr/local/bin:/usr/bin:/bin`
  }
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    env,
    timeout: stepLimitMs,
    encoding: 'utf8'
  })
  if (status !== 0)
    throw new Error(`RUN ${words.join(' ')} ended with ${status ?? error?.message}\n${stdout}${stderr}`)
}

/** A command of the image as it runs here: the image's Node by ours, its files where they are. */
export function placed(words: readonly string[], node: string, root: string): readonly string[] {
  return words.map(word => {
    if (word === '/nodejs/bin/node') return node
    return word.startsWith('/app/') && existsSync(join(root, word)) ? join(root, word) : word
  })
}

/** What npm and the test runner leave in the environment has no place in a build. */
export function clean(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(npm_(?!config_)|NODE_OPTIONS$|NODE_ENV$|INIT_CWD$|TAP)/i.test(name)
    )
  )
}
