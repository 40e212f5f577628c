// Starts the gateway as its users do, with rules for the bench.
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { answering, freePorts } from './ports.ts'
import { type Core, start } from './processes.ts'
import { rulesOf, type Setting } from './settings.ts'

export type RunningGateway = { readonly child: ChildProcess; readonly port: number; readonly admin: number }

export const command = fileURLToPath(new URL('../../bin/tracebridge', import.meta.url))

/** Where the gateway finds the others of the bench. */
export type Behind = { readonly upstream: number; readonly collector: number }
export type How = { readonly core?: Core; readonly nodeOptions?: string; readonly workers?: number }

let started = 0

/** `folder` gets its rules; it answers when this resolves. */
export async function startGateway(
  folder: string,
  setting: Setting,
  behind: Behind,
  { core = 0, nodeOptions = '', workers = 1 }: How = {}
): Promise<RunningGateway> {
  const [port = 0, admin = 0] = await freePorts(2)
  const file = join(folder, `rules-${started++}.yaml`)
  writeFileSync(file, rulesOf(setting, { port, admin, ...behind }))
  const args = ['serve', '--rules', file, '--workers', `${workers}`]
  const child = start(core, command, args, { NODE_OPTIONS: nodeOptions })
  await answering(port, child)
  return { child, port, admin }
}

/** Every sample of the gateway's own metrics, by its name and labels. */
export async function readMetrics(admin: number): Promise<ReadonlyMap<string, number>> {
  const answer = await request(`http://127.0.0.1:${admin}/metrics`)
  const samples = new Map<string, number>()
  // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
  for (const line of (await answer.body.text()).split('\n')) {
    const [, series, value] = /^([^#].*) (\S+)$/.exec(line) ?? []
    if (series !== undefined) samples.set(series, Number(value))
  }
  return samples
}

/** Spans by their outcome. */
export async function spanOutcomes(admin: number): Promise<ReadonlyMap<string, number>> {
  const outcomes = new Map<string, number>()
  for (const [series, count] of await readMetrics(admin)) {
    const [, outcome] = /^tracebridge_spans_total\{.*\boutcome="(\w+)"/.exec(series) ?? []
    if (outcome !== undefined) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
  }
  return outcomes
}
