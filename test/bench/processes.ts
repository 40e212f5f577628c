// The processes of the bench: started, pinned to a core, asked for their CPU time, ended. Linux only.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Contenders have the first core for themselves, where there are two and `taskset` can say so. */
export const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-V']).status === 0

const running = new Set<ChildProcess>()

// The gateway does not notice that the bench is gone.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** Starts a command; `core` is 0 for a contender, 1 for whatever keeps it busy. */
export function start(core: 0 | 1, command: string, args: readonly string[]): ChildProcess {
  const [file = '', ...rest] = pinned ? ['taskset', '-c', `${core}`, command, ...args] : [command, ...args]
  const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  child.on('exit', () => running.delete(child))
  child.on('error', error => process.stderr.write(`${error.message}\n`))
  return child
}

/** Starts a file of this folder, and waits for its first message: the ports it listens on. */
export async function startFile(
  core: 0 | 1,
  file: string,
  args: readonly string[] = []
): Promise<{ child: ChildProcess; ports: ReadonlyMap<string, number> }> {
  const child = start(core, process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args])
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

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/**
 * CPU time of all threads so far, user and system, in microseconds. /proc/PID/stat counts in ticks of 10 ms;
 * this is in nanoseconds. https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function cpuMicroseconds({ pid }: ChildProcess): number {
  const tasks = `/proc/${pid}/task`
  let total = 0
  for (const task of readdirSync(tasks)) {
    total += Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0])
  }
  return total / 1000
}
