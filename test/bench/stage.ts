// What all contenders share: the upstream, the collector, the load, a folder; and the end of everything.
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Contender } from './cost.ts'
import { type Behind, type How, startGateway } from './gateway.ts'
import type { Found, Peer } from './peers/peer.ts'
import { end, startFile } from './processes.ts'
import type { Setting } from './settings.ts'

/** Longer than a pipeline keeps a batch, so that a round pays for all of its spans. */
const settleMs = 1200
/** What `bin/tracebridge` sets, so that the pipe differs from the gateway in nothing else. */
const launcher = { MALLOC_ARENA_MAX: '1', NODE_OPTIONS: '--max-semi-space-size=8' }

export type Stage = {
  readonly loader: ChildProcess
  readonly origin: ChildProcess
  readonly behind: Behind
  readonly folder: string
  readonly pipe: () => Promise<Contender>
  readonly gateway: (setting: Setting, how?: How) => Promise<Contender>
  /** What it is, and a contender unless it is missing or did not start. */
  readonly peer: (peer: Peer) => Promise<{ readonly found: Found; readonly contender?: Contender }>
  /** Ends the contenders of one part of the bench; the rest of the stage stays. */
  readonly clear: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function createStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-bench-'))
  // Also when a signal ends the bench.
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const { child: origin, ports } = await startFile(1, 'upstream.ts')
  const { child: loader } = await startFile(1, 'load.ts')
  const behind = { upstream: ports.get('upstream') ?? 0, collector: ports.get('collector') ?? 0 }
  const contenders = new Set<ChildProcess>()

  async function clear(): Promise<void> {
    await Promise.all([...contenders].map(end))
    contenders.clear()
  }

  return {
    loader,
    origin,
    behind,
    folder,
    clear,
    pipe: async () => {
      const { child, ports } = await startFile(0, 'peers/pipe.ts', [`${behind.upstream}`], launcher)
      contenders.add(child)
      return { name: 'bare pipe', child, port: ports.get('port') ?? 0 }
    },
    gateway: async (setting, how) => {
      const { child, port, admin } = await startGateway(folder, setting, behind, how)
      contenders.add(child)
      const contender = { name: setting.name, child, port, admin }
      return setting.spans === 'none' || setting.spans === 0 ? contender : { ...contender, settleMs }
    },
    peer: async peer => {
      const found = peer.find()
      if ('missing' in found) return { found }
      const own = join(folder, peer.name.replace(/\W/g, '-'))
      mkdirSync(own, { recursive: true })
      try {
        const { child, port } = await peer.start(behind.upstream, own)
        contenders.add(child)
        return { found, contender: { name: peer.name, child, port } }
      } catch (error) {
        return { found: { missing: error instanceof Error ? error.message : `${error}` } }
      }
    },
    close: async () => {
      await clear()
      await Promise.all([end(loader), end(origin)])
    }
  }
}
