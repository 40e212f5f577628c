// The processes of the bench: started, pinned to a core, asked for what they use, ended. Linux only.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Contenders have the first core for themselves, where there are two and `taskset` can say so. */
export const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0

/** 0 for a contender, 1 for whatever keeps it busy, 'all' for what is to use both. */
export type Core = 0 | 1 | 'all'
type Env = Readonly<Record<string, string>>

const running = new Set<ChildProcess>()
const said = new WeakMap<ChildProcess, string>()
const saidLength = 2000

// The gateway does not notice that the bench is gone.
process.on('exit', () => {
  for (const child of running) kill(tree(child))
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** Starts a command that knows nothing of the bench, with these variables in its environment; what it logs is not shown. */
export function start(core: Core, command: string, args: readonly string[], env: Env = {}): ChildProcess {
  const child = launch(core, command, args, env, ['ignore', 'ignore', 'pipe'])
  child.stderr?.setEncoding('utf8').on('data', text => {
    said.set(child, ((said.get(child) ?? '') + text).slice(-saidLength))
  })
  return child
}

/** The last line of a process that ended, which is most often why. */
export function lastWords(child: ChildProcess): string {
  return said.get(child)?.trim().split('\n').at(-1) ?? ''
}

function launch(
  core: Core,
  command: string,
  args: readonly string[],
  env: Env,
  stdio: SpawnOptions['stdio']
) {
  const bound = pinned && core !== 'all' ? ['taskset', '-c', `${core}`] : []
  const [file = '', ...rest] = [...bound, command, ...args]
  const child = spawn(file, rest, { stdio, env: { ...process.env, ...env } })
  running.add(child)
  child.on('exit', () => running.delete(child))
  child.on('error', error => process.stderr.write(`${error.message}\n`))
  return child
}

/** Starts a file of this folder, and waits for its first message: the ports it listens on. */
export async function startFile(
  core: Core,
  file: string,
  args: readonly string[] = [],
  env: Env = {}
): Promise<{ child: ChildProcess; ports: ReadonlyMap<string, number> }> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = launch(core, process.execPath, [path, ...args], env, ['ignore', 'ignore', 'inherit', 'ipc'])
  const ports: unknown = await message(child)
  return { child, ports: new Map(Object.entries(ports ?? {})) }
}

/** The next message of a process; rejects when it ends instead. */
export async function message(child: ChildProcess): Promise<unknown> {
  const stop = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: stop.signal }).then(([value]) => value),
      once(child, 'exit', { signal: stop.signal }).then(([code]) => {
        throw new Error(`a process of the bench ended with ${code}`)
      })
    ])
  } finally {
    stop.abort()
  }
}

/** Sends a message, and waits for the one that answers it. */
export async function ask(child: ChildProcess, question: object): Promise<unknown> {
  const answer = message(child)
  child.send(question)
  return await answer
}

/** Ends a process and all that it started. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  kill(tree(child))
  await gone
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}

/** A process and all below it, itself first. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function tree({ pid = 0 }: ChildProcess): readonly number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // The name of the program, in brackets, may hold anything.
    const [, parent = ''] = /^.*\) \S+ (\d+) /s.exec(read(`/proc/${name}/stat`)) ?? []
    const of = Number(parent)
    const known = children.get(of)
    if (known === undefined) children.set(of, [Number(name)])
    else known.push(Number(name))
  }
  const found = [pid]
  for (const one of found) found.push(...(children.get(one) ?? []))
  return found
}

/**
 * CPU time so far, user and system, of all threads of a process and of those below it, in microseconds. /proc/PID/stat
 * counts in ticks of 10 ms; this is in nanoseconds. https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function cpuMicroseconds(child: ChildProcess): number {
  let total = 0
  for (const pid of tree(child)) {
    const tasks = `/proc/${pid}/task`
    for (const task of list(tasks)) total += Number(read(`${tasks}/${task}/schedstat`).split(' ')[0])
  }
  return total / 1000
}

/**
 * What a process and those below it hold, in MiB; pages that several share count for each.
 * https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html: the second number, in pages.
 */
export function residentMiB(child: ChildProcess): number {
  let pages = 0
  for (const pid of tree(child)) pages += Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0)
  return (pages * 4096) / 2 ** 20
}

/** Nothing for what has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
