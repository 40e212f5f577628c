// Whether what a manifest says twice is the same both times: ports in rules and in pods, folders in arguments and in
// mounts, names here and there. Must not judge security or time.
import { parse } from 'yaml'
import { preStopOf, rulesOf } from './life.ts'
import { at, containersOf, itemsAt, type Manifest, type PodOf, podsOf, textAt } from './manifests.ts'

/** Where parts of what is rendered do not agree. `brought` are ConfigMaps that somebody else has in the cluster. */
export function contradictions(
  manifests: readonly Manifest[],
  brought: readonly string[] = []
): readonly string[] {
  return [
    ...manifests.flatMap(ofName),
    ...podsOf(manifests).flatMap(pod => {
      const wrong = [...ofSources(pod, manifests, brought), ...containersOf(pod.spec).flatMap(ofContainer)]
      return [...wrong, ...ofGateway(pod, manifests), ...ofStops(pod)].map(what => `${pod.of}: ${what}`)
    })
  ]
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/: each Job has 11 characters more. */
const longest: ReadonlyMap<string, number> = new Map([['CronJob', 52]])

function ofName({ kind, name }: Manifest): readonly string[] {
  const limit = longest.get(kind) ?? 63
  return name.length > limit ? [`${kind}/${name}: a name of ${name.length} characters, ${limit} at most`] : []
}

function ofSources(
  { spec }: PodOf,
  manifests: readonly Manifest[],
  brought: readonly string[]
): readonly string[] {
  const there = new Set([
    ...brought,
    ...manifests.flatMap(each => (each.kind === 'ConfigMap' ? each.name : []))
  ])
  return itemsAt(spec, 'volumes')
    .flatMap(volume => [volume, ...itemsAt(volume, 'projected', 'sources')])
    .map(source => textAt(source, 'configMap', 'name'))
    .filter(name => name !== '' && !there.has(name))
    .map(name => `nobody brings the ConfigMap ${name}`)
}

const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const

/** A probe knows the port names of its own container, and of no other one in the pod. */
function ofContainer(container: unknown): readonly string[] {
  const wrong: string[] = []
  const name = textAt(container, 'name')
  const named = itemsAt(container, 'ports').map(port => textAt(port, 'name'))
  for (const probe of probes) {
    for (const way of ['httpGet', 'tcpSocket']) {
      const port = at(container, probe, way, 'port')
      if (typeof port === 'string' && !named.includes(port))
        wrong.push(`${name}: its ${probe} asks port ${port}, which it does not have`)
    }
  }
  const mount = itemsAt(container, 'volumeMounts').find(each => textAt(each, 'name') === 'tracebridge-rules')
  const folder = textAt(mount, 'mountPath')
  if (mount !== undefined && !itemsAt(container, 'args').includes(folder))
    wrong.push(`${name}: rules are mounted at ${folder}, where it does not read them`)
  return wrong
}

/** The ports that rules open are those that the pod names, and the kubelet can reach them. */
function ofGateway({ spec }: PodOf, manifests: readonly Manifest[]): readonly string[] {
  const container = containersOf(spec).find(each => textAt(each, 'name') === 'tracebridge')
  if (container === undefined) return []
  const wrong: string[] = []
  const rules = [...rulesOf(spec, manifests).values()].map((text): unknown => parse(text))
  const said = (path: readonly string[]) =>
    rules.map(each => textAt(each, ...path)).find(text => text !== '') ?? ''
  const opened = [
    ['tb-http', said(['listen', '0', 'address'])],
    ['tb-admin', said(['admin', 'address'])]
  ] as const
  for (const [name, address] of opened) {
    const port = itemsAt(container, 'ports').find(each => textAt(each, 'name') === name)
    const [, host, number] = /^(.*):(\d+)$/.exec(address) ?? []
    if (host !== '0.0.0.0' && host !== '[::]')
      wrong.push(`${name}: rules listen on ${address}, not for the pod`)
    if (number !== textAt(port, 'containerPort'))
      wrong.push(`${name}: rules listen on ${address}, the pod says ${textAt(port, 'containerPort')}`)
  }
  for (const probe of probes) {
    if (textAt(container, probe, 'httpGet', 'port') !== 'tb-admin')
      wrong.push(`its ${probe} is not of tb-admin`)
  }
  return wrong
}

/** The service stays as long as the gateway takes requests, wherever the kubelet can sleep for it. */
function ofStops({ spec }: PodOf): readonly string[] {
  const all = containersOf(spec)
  const gateway = all.find(each => textAt(each, 'name') === 'tracebridge')
  if (gateway === undefined) return []
  const slept = (container: unknown) => at(container, 'lifecycle', 'preStop', 'sleep') !== undefined
  return all.flatMap(each => {
    const name = textAt(each, 'name')
    if (slept(each) && !slept(gateway)) return [`${name}: sleeps before its end, which this cluster refuses`]
    return slept(gateway) && preStopOf(each) !== preStopOf(gateway)
      ? [`${name}: waits ${preStopOf(each)} s before its end, the gateway ${preStopOf(gateway)} s`]
      : []
  })
}
