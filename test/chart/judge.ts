// What must hold of everything that is given to a cluster, said of manifests as they were rendered.
// Must not run anything nor know how they came to be.
import { contradictions } from './agree.ts'
import { disagreements, type Life, lifeOf } from './life.ts'
import {
  at,
  containersOf,
  itemsAt,
  type Manifest,
  numberAt,
  type PodOf,
  podsOf,
  textAt
} from './manifests.ts'
import { violations } from './restricted.ts'
import { complaintsOf } from './rules.ts'

/** What is known of a rendering from outside it. */
export type Expected = {
  /** Seconds that the service beside the gateway may take to stop. */
  readonly stop: number
  /** How the gateway should be in its pod; undefined where no pod has one. */
  readonly kind: Life['kind'] | undefined
  /** ConfigMaps that are in the cluster already. */
  readonly brought?: readonly string[]
}

/** Everything that is wrong with it; nothing when a cluster may have it. */
export function problemsOf(manifests: readonly Manifest[], expected: Expected): readonly string[] {
  const pods = podsOf(manifests)
  return [
    ...pods.flatMap(pod => violations(pod.spec).map(what => `${pod.of}: not restricted: ${what}`)),
    ...pods.flatMap(ofPod),
    ...livesOf(pods, manifests, expected),
    ...ofRules(manifests),
    ...contradictions(manifests, expected.brought),
    ...manifests.flatMap(manifest => ofSelector(manifest, pods))
  ]
}

function ofPod(pod: PodOf): readonly string[] {
  const wrong: string[] = []
  const token = at(pod.spec, 'automountServiceAccountToken')
  const own = containersOf(pod.spec).filter(each => /tracebridge/.test(textAt(each, 'image')))
  if (own.length === containersOf(pod.spec).length && token !== false)
    wrong.push('mounts a token of the cluster')
  for (const container of own) {
    const name = textAt(container, 'name')
    const limit = mebibytes(textAt(container, 'resources', 'limits', 'memory'))
    const options = itemsAt(container, 'env').find(each => textAt(each, 'name') === 'NODE_OPTIONS')
    const heap = Number(/=(\d+)$/.exec(textAt(options, 'value'))?.[1] ?? 0)
    if (Number.isNaN(limit)) wrong.push(`${name}: no memory limit`)
    if (heap > limit * 0.8) wrong.push(`${name}: a heap of ${heap} MiB in ${limit} MiB`)
    if (itemsAt(container, 'volumeMounts').some(mount => at(mount, 'subPath') !== undefined)) {
      wrong.push(`${name}: mounts a subPath, which never changes`)
    }
    if (textAt(container, 'name') === 'tracebridge') wrong.push(...ofGateway(container))
  }
  return wrong.map(what => `${pod.of}: ${what}`)
}

function ofGateway(container: unknown): readonly string[] {
  const wrong: string[] = []
  if (at(container, 'securityContext', 'readOnlyRootFilesystem') !== true) wrong.push('may write its root')
  const paths = [
    ['startupProbe', '/readyz'],
    ['readinessProbe', '/readyz'],
    ['livenessProbe', '/livez']
  ] as const
  for (const [probe, path] of paths) {
    if (textAt(container, probe, 'httpGet', 'path') !== path) wrong.push(`its ${probe} does not ask ${path}`)
  }
  return wrong
}

function mebibytes(quantity: string): number {
  const [, number = '', unit = ''] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? []
  return Number(number || Number.NaN) * (unit === 'Gi' ? 1024 : 1)
}

function livesOf(
  pods: readonly PodOf[],
  manifests: readonly Manifest[],
  expected: Expected
): readonly string[] {
  const wrong: string[] = []
  const lives = pods.flatMap(pod => {
    const life = lifeOf(pod, manifests)
    return life === undefined ? [] : [{ pod, life }]
  })
  if (lives.length === 0 && expected.kind !== undefined) wrong.push('no pod has a gateway')
  for (const { pod, life } of lives) {
    if (life.kind !== expected.kind) wrong.push(`${pod.of}: is ${life.kind}, not ${expected.kind}`)
    if (life.kind === 'native') wrong.push(...ofNative(pod))
    wrong.push(...disagreements(life, expected.stop).map(what => `${pod.of}: ${what}`))
  }
  return wrong
}

/** Up before the service: it is an init container that stays, and the next one waits for its startup probe. */
function ofNative({ of, spec }: PodOf): readonly string[] {
  const [first] = itemsAt(spec, 'initContainers')
  const wrong: string[] = []
  if (textAt(first, 'name') !== 'tracebridge') wrong.push(`${of}: something starts before the gateway`)
  if (textAt(first, 'restartPolicy') !== 'Always') wrong.push(`${of}: the gateway would have to end first`)
  if (Number.isNaN(numberAt(first, 'startupProbe', 'failureThreshold')))
    wrong.push(`${of}: nothing waits for the gateway`)
  return wrong
}

/** The rule files of every ConfigMap that has some, by the name of the ConfigMap. */
export function ruleFilesOf(
  manifests: readonly Manifest[]
): readonly (readonly [string, ReadonlyMap<string, string>])[] {
  return manifests.flatMap(({ kind, name, value }) => {
    const data = Object.entries((kind === 'ConfigMap' ? at(value, 'data') : undefined) ?? {})
    const files = data.map(([file, text]) => [file, String(text)] as const)
    return files.length === 0 ? [] : [[name, new Map(files)] as const]
  })
}

function ofRules(manifests: readonly Manifest[]): readonly string[] {
  return ruleFilesOf(manifests).flatMap(([name, files]) => {
    // Where somebody else's ConfigMap brings upstreams and routes, this part alone is not whole.
    if (![...files.values()].some(text => /^routes:/m.test(text))) return []
    return complaintsOf(files).map(complaint => `ConfigMap/${name}: ${complaint}`)
  })
}

const selectorPaths: ReadonlyMap<string, readonly string[]> = new Map([
  ['Service', ['spec', 'selector']],
  ['NetworkPolicy', ['spec', 'podSelector', 'matchLabels']],
  ['PodDisruptionBudget', ['spec', 'selector', 'matchLabels']],
  ['PodMonitor', ['spec', 'selector', 'matchLabels']],
  ['Deployment', ['spec', 'selector', 'matchLabels']]
])

/** What selects pods selects the gateway's, and never the ones that smoke or check run in. */
function ofSelector({ kind, name, value }: Manifest, pods: readonly PodOf[]): readonly string[] {
  const path = selectorPaths.get(kind)
  if (path === undefined) return []
  const wanted = Object.entries(at(value, ...path) ?? {})
  const found = pods.filter(({ labels }) => wanted.every(([key, each]) => textAt(labels, key) === each))
  const deployments = pods.filter(({ of }) => of.startsWith('Deployment/'))
  const wrong: string[] = []
  if (deployments.length > 0 && found.length === 0) wrong.push(`${kind}/${name} selects no pod`)
  for (const { of } of found) if (!of.startsWith('Deployment/')) wrong.push(`${kind}/${name} selects ${of}`)
  const asked = portsOf(kind, value)
  for (const { of, spec } of found) {
    const ports = containersOf(spec).flatMap(each => itemsAt(each, 'ports').map(port => textAt(port, 'name')))
    for (const port of asked)
      if (!ports.includes(port)) wrong.push(`${kind}/${name}: ${of} has no port ${port}`)
  }
  return wrong
}

/** The port names that something wants of the pods it selects. */
function portsOf(kind: string, value: unknown): readonly string[] {
  if (kind === 'Service') return itemsAt(value, 'spec', 'ports').map(port => textAt(port, 'targetPort'))
  if (kind === 'PodMonitor')
    return itemsAt(value, 'spec', 'podMetricsEndpoints').map(each => textAt(each, 'port'))
  if (kind !== 'NetworkPolicy') return []
  return itemsAt(value, 'spec', 'ingress').flatMap(rule =>
    itemsAt(rule, 'ports').map(port => textAt(port, 'port'))
  )
}
