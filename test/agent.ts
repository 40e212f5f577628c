// A build server's agent around a running gateway: shell steps run on it as they are.
// What is not here stands in: a kubectl that only writes down what it was asked.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { evenLatencies } from './draws.ts'
import { rolloutRules } from './rollout.ts'
import { run } from './running.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

export type Ran = { readonly code: number | null; readonly said: string }
export type Machine = {
  readonly sh: (step: string, shell?: readonly string[]) => Promise<Ran>
  readonly kubectl: () => string
}

/** A build agent of a gateway whose gray targets are so many times as slow as the others. */
export async function agent(
  t: Test,
  slower: number,
  settings: Record<string, string> = {}
): Promise<Machine & { url: string }> {
  const even = evenLatencies(2)
  const rules = await rolloutRules(t, {
    base: { latency: evenLatencies(2) },
    gray: { latency: () => slower * even() }
  })
  const { url, adminUrl } = await run(t, rules)
  const folder = t.testdir({ bin: {}, kubectl: '', summary: '' })
  const kubectl = join(folder, 'bin', 'kubectl')
  // It does what it is told, but for what a test says fails.
  writeFileSync(
    kubectl,
    `#!/bin/sh\necho "$@" >> "${join(folder, 'kubectl')}"\n[ "$*" != "$KUBECTL_FAILS" ]\n`
  )
  chmodSync(kubectl, 0o755)
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const env = {
    ...inherited,
    PATH: `${join(folder, 'bin')}:${join(root, 'bin')}:${process.env['PATH']}`,
    IMAGE: 'orders:2',
    GATEWAY: url,
    GATEWAY_ADMIN: adminUrl,
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    WINDOW: '2s',
    WARM_UP: '200ms',
    // Two that are alike are within the line when there are samples enough, and luck has a hand in how many those are.
    WAIT: '45s',
    MIN_SAMPLES: '200',
    ...settings
  }
  // As Jenkins starts them: https://www.jenkins.io/doc/pipeline/steps/workflow-durable-task-step/#sh-shell-script
  const sh: Machine['sh'] = async (step, [shell = 'sh', ...flags] = ['sh', '-xe']) => {
    const file = join(folder, 'script.sh')
    writeFileSync(file, step)
    const child = spawn(shell, [...flags, file], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        said += chunk
      })
    }
    const [code] = await once(child, 'close')
    return { code, said }
  }
  return { url, sh, kubectl: () => readFileSync(join(folder, 'kubectl'), 'utf8') }
}
