// The programs that judge the chart, built from their Go modules the first time and kept for the next. Versions are
// said here; nothing of them is part of this repository.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export type Tools = { readonly helm: string; readonly validate: string; readonly kustomize: string }

type Tool = { readonly module: string; readonly version: string }

/** kubectl-validate carries the schemas of Kubernetes up to 1.30; kustomize is the last one that Go 1.26 builds. */
const modules: Readonly<Record<keyof Tools, Tool>> = {
  helm: { module: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' },
  validate: { module: 'sigs.k8s.io/kubectl-validate', version: 'v0.0.4' },
  kustomize: { module: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.8.2' }
}

/** Outside the checkout, which `npm ci` and `git clean` empty: they take minutes to build. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tracebridge')
const buildLimitMs = 1_500_000

/** Their paths; undefined where there is no Go to build them with. */
export function toolsAt(say: (line: string) => void): Tools | undefined {
  const missing = Object.values(modules).filter(tool => !existsSync(pathOf(tool)))
  if (missing.length > 0 && spawnSync('go', ['version']).status !== 0) return undefined
  for (const tool of missing) install(tool, say)
  return {
    helm: pathOf(modules.helm),
    validate: pathOf(modules.validate),
    kustomize: pathOf(modules.kustomize)
  }
}

function folderOf({ module, version }: Tool): string {
  return join(cache, `${module.replaceAll('/', '-')}@${version}`)
}

function pathOf(tool: Tool): string {
  // Go names a program after the last part of its module that is no version.
  const name = tool.module.split('/').findLast(part => !/^v\d+$/.test(part)) ?? ''
  return join(folderOf(tool), name)
}

function install(tool: Tool, say: (line: string) => void): void {
  const wanted = `${tool.module}@${tool.version}`
  say(`building ${wanted}`)
  const folder = folderOf(tool)
  mkdirSync(folder, { recursive: true })
  const env = { ...process.env, GOBIN: folder }
  const { status, stderr } = spawnSync('go', ['install', wanted], {
    env,
    timeout: buildLimitMs,
    encoding: 'utf8'
  })
  if (status !== 0) throw new Error(`${wanted} could not be built\n${stderr}`)
}
