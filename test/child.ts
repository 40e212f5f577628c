// The command itself, as people start it, in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Teardown } from './running.ts'
import { until } from './until.ts'

const command = fileURLToPath(new URL('../bin/tracebridge', import.meta.url))

export type Child = {
  readonly process: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  /** Exit code, or the name of the signal. */
  readonly exited: Promise<number | string>
}

export type ServingChild = Child & { readonly port: number; readonly adminUrl: string }

/** Starts `tracebridge`, ours or that of another folder, with these arguments; killed when the test ends. */
export function startChild(t: Teardown, args: readonly string[], program = command): Child {
  // Of the test runner's own settings none should reach a gateway.
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const exited = once(child, 'close').then(([code, signal]): number | string => code ?? signal)
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  })
  return { process: child, stdout: () => stdout, stderr: () => stderr, exited }
}

const anywhere = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0']

/** Starts `tracebridge serve`, on free ports unless `where` says otherwise, and waits until it says where it listens. */
export async function startServing(
  t: Teardown,
  args: readonly string[],
  where: readonly string[] = anywhere,
  program = command
): Promise<ServingChild> {
  const child = startChild(t, ['serve', ...where, ...args], program)
  // A demo tells people on stdout, all else its log on stderr.
  const told =
    /(?:listens on http:\/\/127\.0\.0\.1:(\d+), admin on |"listen":\["https?:\/\/127\.0\.0\.1:(\d+)"\],"admin":")(http:\/\/[\d.:]+)/
  const said = () => told.exec(child.stdout() + child.stderr())
  await until(
    () => said() !== null || child.process.exitCode !== null,
    `it listens; it said ${child.stderr()}`,
    // Several processes start at once where there are workers, and tests beside them.
    60_000
  )
  const [, greeted, logged, adminUrl = ''] = said() ?? []
  const port = greeted ?? logged ?? ''
  if (port === '') throw new Error(`it does not listen: ${child.stderr()}`)
  return { ...child, port: Number(port), adminUrl }
}
