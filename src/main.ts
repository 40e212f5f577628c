// argv, signals, exit codes: the one place where the process itself is touched.
import type { Command } from './cli/command.ts'
import type { SpansIo } from './cli/io.ts'
import type { ServeIo } from './cli/serve.ts'
import { overview, refuse } from './cli/usage.ts'
import { version } from './version.ts'

type Entry = {
  readonly summary: string
  readonly help: string
  readonly run: (argv: readonly string[], io: ServeIo & SpansIo, signal: AbortSignal) => Promise<number>
}

/** Loaded on demand: smoke and echo bring packages that the gateway can do without. */
const commands: ReadonlyMap<string, () => Promise<Entry>> = new Map([
  ['serve', async () => entry(await import('./cli/serve.ts'), 'serve')],
  ['check', async () => entry(await import('./cli/check.ts'), 'check')],
  ['translate', async () => entry(await import('./cli/translate.ts'), 'translate')],
  ['smoke', async () => entry(await import('./cli/smoke.ts'), 'smoke')],
  ['gate', async () => entry(await import('./cli/gate.ts'), 'gate')],
  ['compare', async () => entry(await import('./cli/compare.ts'), 'compare')],
  ['replay', async () => entry(await import('./cli/replay.ts'), 'replay')],
  ['spans', async () => entry(await import('./cli/spans.ts'), 'spans')],
  ['echo', async () => entry(await import('./cli/echo.ts'), 'echo')]
])

function entry<Name extends string>(
  module: { readonly summary: string; readonly help: string } & {
    readonly [Key in Name]: Entry['run'] | Command
  },
  name: Name
): Entry {
  return { summary: module.summary, help: module.help, run: module[name] }
}

const io: ServeIo & SpansIo = {
  stdout: text => void process.stdout.write(text),
  stderr: text => void process.stderr.write(text),
  env: process.env,
  writeStdout: (bytes, done) => process.stdout.write(bytes, done),
  // Opened by whoever asks for it.
  get stdin() {
    return process.stdin
  },
  onHangup: reload => void process.on('SIGHUP', reload),
  onCrash: handle => void process.on('uncaughtException', handle)
}

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv
  if (first === '--version') {
    io.stdout(`${version}\n`)
    return 0
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const summaries = new Map<string, string>()
    for (const [name, load] of commands) summaries.set(name, (await load()).summary)
    io.stdout(overview(summaries))
    return 0
  }
  // How src/workers/supervisor.ts starts one: nobody else has a channel to it.
  if (first === 'worker' && process.connected) {
    // Terminals and systemd send them to everybody; the first process tells what is to be done.
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => {})
    const { work } = await import('./workers/worker.ts')
    return work(io)
  }
  const bare = first === undefined || first.startsWith('-')
  const load = commands.get(bare ? 'serve' : first)
  if (load === undefined) {
    return refuse(io, '', `expected one of ${[...commands.keys()].join(', ')}`)
  }
  const { run } = await load()
  const end = new AbortController()
  const stop = (name: NodeJS.Signals) => (end.signal.aborted ? process.exit(130) : end.abort(name))
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return run(bare ? argv : argv.slice(1), io, end.signal)
}

// A reader that went away, as in `tracebridge smoke | head`, is no reason for a stack trace.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

process.exitCode = await main(process.argv.slice(2))
// What is still open then is of no use to anybody; stdout has a second to take the last lines.
setTimeout(() => process.exit(), 1000).unref()
