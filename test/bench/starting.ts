// From spawning to the first answered request: from the sources, as in a checkout, and from the build, as in a package.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { command } from './gateway.ts'
import type { Start } from './numbers.ts'
import { freePorts } from './ports.ts'
import { end, residentMiB, start } from './processes.ts'
import { rulesOf, settings } from './settings.ts'
import type { Stage } from './stage.ts'

const home = fileURLToPath(new URL('../../', import.meta.url))
const limitMs = 10_000
const buildLimitMs = 120_000

/** Whether it answered 200 within a connection of its own. */
function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1')
  socket.on('connect', () => socket.write('GET /orders/42 HTTP/1.1\r\nhost: a\r\n\r\n'))
  socket.on('data', piece => {
    resolve(piece.toString('latin1', 0, 12) === 'HTTP/1.1 200')
    socket.destroy()
  })
  socket.on('error', () => resolve(false))
  socket.on('close', () => resolve(false))
  return promise
}

async function once(stage: Stage, program: string, args: readonly string[]) {
  const [port = 0, admin = 0] = await freePorts(2)
  const rules = join(stage.folder, 'start.yaml')
  writeFileSync(rules, rulesOf(settings.at30, { port, admin, ...stage.behind }))
  const began = performance.now()
  const child = start('all', program, [...args, 'serve', '--rules', rules])
  while (!(await answers(port))) {
    if (performance.now() - began > limitMs || child.exitCode !== null) {
      await end(child)
      throw new Error('it did not begin to answer')
    }
    await sleep(1)
  }
  const milliseconds = performance.now() - began
  await sleep(1000)
  const mib = residentMiB(child)
  await end(child)
  return { milliseconds, mib }
}

/** A folder as `npm install` would make it, but for the packages, which are ours; built from the sources as they are. */
function packageIn(folder: string): string | undefined {
  const built = join(folder, 'package')
  mkdirSync(join(built, 'bin'), { recursive: true })
  const args = ['run', 'build', '--', '--dir', join(built, 'dist')]
  const { status } = spawnSync('npm', args, { cwd: home, timeout: buildLimitMs })
  if (status !== 0) return undefined
  for (const file of ['package.json', 'bin/tracebridge']) copyFileSync(join(home, file), join(built, file))
  for (const part of ['node_modules', 'rules']) symlinkSync(join(home, part), join(built, part))
  return built
}

type Way = { readonly name: string; readonly program: string; readonly args: readonly string[] }

export async function benchStarts(stage: Stage, rounds: number): Promise<readonly Start[]> {
  const ways: Way[] = [{ name: 'bin/tracebridge, from src', program: command, args: [] }]
  const built = packageIn(stage.folder)
  if (built !== undefined)
    ways.push(
      { name: 'bin/tracebridge, from dist', program: join(built, 'bin/tracebridge'), args: [] },
      { name: 'node dist/main.js', program: process.execPath, args: [join(built, 'dist/main.js')] }
    )
  const found = ways.map(way => ({ ...way, milliseconds: [] as number[], mib: 0 }))
  // The first round warms up the file system, and is not counted.
  for (let round = -1; round < rounds; round++) {
    for (const one of found) {
      const { milliseconds, mib } = await once(stage, one.program, one.args)
      if (round >= 0) one.milliseconds.push(milliseconds)
      one.mib = mib
    }
  }
  const starts: Start[] = found.map(({ name, milliseconds, mib }) => ({ name, milliseconds, mib }))
  if (built === undefined)
    starts.push({ name: 'from dist', milliseconds: [], mib: 0, failed: 'the sources could not be built' })
  return starts
}
