// Helm, kustomize and the validator, as the check asks them: what they print, or what they say is wrong.
// Must not judge what they rendered.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Tools } from './tools.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const crds = fileURLToPath(new URL('crds', import.meta.url))
const limitMs = 60_000

export const chart = join(root, 'helm/tracebridge')

/** What a program printed, or `problem` when it refused. */
export type Ran = { readonly out: string; readonly problem: string | undefined }

export type Programs = {
  readonly lint: (version: string, args: readonly string[]) => Ran
  /** Renders a chart, this one or another, as if the cluster were of this version. */
  readonly template: (version: string, args: readonly string[], of?: string) => Ran
  readonly kustomize: (folder: string) => Ran
  /** What Kubernetes of this version would not take. */
  readonly invalid: (yaml: string, version: string) => readonly string[]
}

/** `folder` is theirs to write into. */
export function createPrograms(tools: Tools, folder: string): Programs {
  // Of whoever runs this, no plugin, repository or cluster.
  const none = {
    HELM_CACHE_HOME: folder,
    HELM_CONFIG_HOME: folder,
    HELM_DATA_HOME: folder,
    KUBECONFIG: '/dev/null'
  }
  const run = (file: string, args: readonly string[]): Ran => {
    const options = {
      cwd: root,
      env: { ...process.env, ...none },
      encoding: 'utf8',
      timeout: limitMs
    } as const
    const { status, stdout, stderr, error } = spawnSync(file, args, options)
    return {
      out: stdout,
      problem: status === 0 ? undefined : `${stderr}${stdout}${error?.message ?? ''}`.trim()
    }
  }
  return {
    lint: (version, args) =>
      run(tools.helm, ['lint', '--strict', chart, '--kube-version', `${version}.0`, ...args]),
    template: (version, args, of = chart) =>
      run(tools.helm, [
        'template',
        'demo',
        of,
        '--namespace',
        'shop',
        '--kube-version',
        `${version}.0`,
        ...args
      ]),
    kustomize: path => run(tools.kustomize, ['build', path]),
    invalid(yaml, version) {
      const file = join(folder, 'rendered.yaml')
      writeFileSync(file, yaml)
      const { problem } = run(tools.validate, ['--version', version, '--local-crds', crds, file])
      return problem?.split('\n').filter(line => line !== '' && !line.includes('rendered.yaml')) ?? []
    }
  }
}

/** Where this repository has a file. */
export function inRepository(path: string): string {
  return join(root, path)
}

/** A folder for the programs, to be removed by who asked. */
export const scratch = join(tmpdir(), 'tracebridge-chart-')
