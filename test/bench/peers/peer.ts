// What the bench knows of a proxy that it measures beside the gateway, and how it finds programs.
import { type ChildProcess, spawnSync } from 'node:child_process'
import { accessSync, constants, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { answering, freePort } from '../ports.ts'
import { start } from '../processes.ts'

export type Peer = {
  readonly name: string
  /** How it is set up, in a few words, for the report. */
  readonly settings: string
  readonly find: () => Found
  /** `folder` is its own. It answers when this resolves. */
  readonly start: (upstream: number, folder: string) => Promise<Running>
}
export type Found = { readonly version: string } | { readonly missing: string }
export type Running = { readonly child: ChildProcess; readonly port: number }

/** Debian keeps servers where the PATH of a user does not lead. */
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']

function pathOf(program: string): string | undefined {
  return folders
    .map(folder => join(folder, program))
    .find(path => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** A program's version, by what it says of itself. */
export function findProgram(program: string, argument: string): Found {
  const path = pathOf(program)
  if (path === undefined) return { missing: `no ${program} on the PATH` }
  const { stdout, stderr } = spawnSync(path, [argument], { encoding: 'utf8', timeout: 10_000 })
  const [version] = /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`) ?? []
  return version === undefined ? { missing: `${program} does not say its version` } : { version }
}

/** Starts a program with one file of settings, made for its port. */
export async function startProgram(
  program: string,
  folder: string,
  file: string,
  settings: (port: number) => string,
  args: (path: string) => readonly string[],
  env: Readonly<Record<string, string>> = {}
): Promise<Running> {
  const port = await freePort()
  const path = join(folder, file)
  writeFileSync(path, settings(port))
  const child = start(0, pathOf(program) ?? program, args(path), env)
  await answering(port, child)
  return { child, port }
}
