// Takes a CPU profile of the gateway under load.
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Order, Served } from './load.ts'
import { loads } from './loads.ts'
import type { Profile } from './numbers.ts'
import { ask } from './processes.ts'
import { type CpuProfile, profileOf } from './profile.ts'
import { settings } from './settings.ts'
import type { Stage } from './stage.ts'

/** Half a millisecond between two samples: finer ones cost a tenth of what they are to measure. */
const nodeOptions = (folder: string) => `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${folder}`

/** Of so many milliseconds, after some to warm up; with spans at 30 %. */
export async function benchProfile(stage: Stage, milliseconds: number): Promise<Profile> {
  const folder = join(stage.folder, 'profile')
  mkdirSync(folder)
  const { child, port } = await stage.gateway(settings.at30, { nodeOptions: nodeOptions(folder) })
  const order: Order = {
    port,
    load: { ...loads.small, requests: 10_000_000 },
    milliseconds: milliseconds / 2
  }
  await ask(stage.loader, order)
  const from = now()
  const { failed, why } = (await ask(stage.loader, { ...order, milliseconds })) as Served
  const to = now()
  if (failed > 0) throw new Error(`${failed} requests failed: ${why}`)
  // It writes the profile as it ends.
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
  const [file = ''] = readdirSync(folder)
  const profile: CpuProfile = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  await stage.clear()
  return profileOf(profile, from, to)
}

function now(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
