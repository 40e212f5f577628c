// What the numbers were taken on.
import { spawnSync } from 'node:child_process'
import { cpus, release } from 'node:os'
import type { Machine } from './numbers.ts'
import { pinned } from './processes.ts'

function git(...args: string[]): string {
  return spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).stdout?.trim() ?? ''
}

export function machine(): Machine {
  const [cpu] = cpus()
  const dirty = git('status', '--porcelain') === '' ? '' : ', with changes not committed'
  return {
    cores: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    kernel: release(),
    node: process.versions.node,
    commit: `${git('rev-parse', '--short', 'HEAD')}${dirty}`,
    pinned,
    date: new Date().toISOString().slice(0, 10)
  }
}

export function machineText({ cores, cpu, kernel, node, commit, date }: Machine): string {
  return `- machine: ${cores} cores, ${cpu}, Linux ${kernel}
- node ${node}, commit ${commit}, ${date}`
}
