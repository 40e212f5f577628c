// Whether a pod has the time to end as its parts mean to, computed from what was rendered and nothing else.
// Must not know the chart's values: these are what the cluster sees.
import { parse } from 'yaml'
import { parseDuration } from '../../src/rules/values.ts'
import { at, itemsAt, type Manifest, numberAt, type PodOf, textAt } from './manifests.ts'

/** What the gateway does when its rules say nothing of `drain`, and how long its last spans may take. Seconds. */
export const gateway = { linger: 10, timeout: 60, flush: 5 } as const

/** How a pod with a gateway ends, in seconds. */
export type Life = {
  readonly kind: 'edge' | 'native' | 'classic'
  readonly preStop: number
  readonly linger: number
  readonly timeout: number
  readonly grace: number
  /** Until probes say that it is not ready. */
  readonly noticed: number
  /** What the gateway itself needs from the beginning of the end on. */
  readonly needed: number
  /** What is left for the services beside it. */
  readonly left: number
}

const gatewayName = 'tracebridge'

/** The life of a pod; undefined for one without a gateway. */
export function lifeOf(pod: PodOf, manifests: readonly Manifest[]): Life | undefined {
  const named = (path: string) => itemsAt(pod.spec, path).find(each => textAt(each, 'name') === gatewayName)
  const init = named('initContainers')
  const container = init ?? named('containers')
  if (container === undefined) return undefined
  const alone = itemsAt(pod.spec, 'containers').length + itemsAt(pod.spec, 'initContainers').length === 1
  const drain = drainIn(rulesOf(pod.spec, manifests))
  const preStop = preStopOf(container)
  const grace = numberAt(pod.spec, 'terminationGracePeriodSeconds')
  const needed = preStop + drain.linger + drain.timeout + gateway.flush
  const noticed =
    numberAt(container, 'readinessProbe', 'periodSeconds') *
    numberAt(container, 'readinessProbe', 'failureThreshold')
  const kind = init !== undefined ? 'native' : alone ? 'edge' : 'classic'
  return { kind, preStop, ...drain, grace, noticed, needed, left: grace - needed }
}

/** What is wrong with it; nothing when all parts agree. `stop` is what the service beside it may take, in seconds. */
export function disagreements(life: Life, stop: number): readonly string[] {
  const wrong: string[] = []
  const { kind, preStop, linger, noticed, left } = life
  if (!(left >= 0))
    wrong.push(`the grace period of ${life.grace} s is shorter than the ${life.needed} s that it needs`)
  // The kubelet ends a native sidecar after the service, of what is left of the same grace period.
  if (kind === 'native' && !(left >= stop))
    wrong.push(`the service may take ${stop} s, which leaves it ${left} s`)
  if (kind === 'classic' && !(preStop + linger >= stop))
    wrong.push('it closes while the service beside it still works')
  // Who balances load by /readyz must have heard of the end before connections are refused.
  if (kind === 'edge' && !(preStop >= 1 && linger >= noticed))
    wrong.push(`it closes ${linger} s after saying so, and probes take ${noticed} s`)
  return wrong
}

/** The sleep before the signal: the kubelet's, or a Node that waits. */
export function preStopOf(container: unknown): number {
  const slept = at(container, 'lifecycle', 'preStop', 'sleep', 'seconds')
  if (typeof slept === 'number') return slept
  const waited = itemsAt(container, 'lifecycle', 'preStop', 'exec', 'command').map(String).join(' ')
  return Number(/setTimeout\(.*, (\d+)\)$/.exec(waited)?.[1] ?? 0) / 1000
}

/** The rule files that a pod mounts, by name, as far as they are among the manifests. */
export function rulesOf(spec: unknown, manifests: readonly Manifest[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const volume of itemsAt(spec, 'volumes')) {
    if (textAt(volume, 'name') !== 'tracebridge-rules') continue
    for (const source of [volume, ...itemsAt(volume, 'projected', 'sources')]) {
      const wanted = textAt(source, 'configMap', 'name')
      const map = manifests.find(({ kind, name }) => kind === 'ConfigMap' && name === wanted && name !== '')
      for (const [file, text] of Object.entries(at(map?.value, 'data') ?? {})) files.set(file, String(text))
    }
  }
  return files
}

function drainIn(files: ReadonlyMap<string, string>): { readonly linger: number; readonly timeout: number } {
  for (const text of files.values()) {
    const drain = at(parse(text), 'drain')
    if (drain === undefined) continue
    return { linger: seconds(drain, 'linger'), timeout: seconds(drain, 'timeout') }
  }
  return { linger: gateway.linger, timeout: gateway.timeout }
}

function seconds(drain: unknown, key: 'linger' | 'timeout'): number {
  const written = textAt(drain, key)
  return written === '' ? gateway[key] : (parseDuration(written) ?? Number.NaN) / 1000
}
