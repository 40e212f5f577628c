// The map as JSON for people and scripts: GET /api/topology. Its keys are part of the contract.
import type { TagNames } from '../rules/rules.ts'
import { placeOf } from '../sketch/bins.ts'
import { sketchScale } from '../sketch/scale.ts'
import { isKnownToSend } from './breaks.ts'
import { type Flow, recentFrom, recentOf, type Stretch, totalOf } from './flow.ts'
import { iso } from './iso.ts'
import { idOf, type Place, type Traffic } from './places.ts'
import type { TopologyTally } from './topology.ts'

/** Times of requests in milliseconds, null where there were none; rates in requests a second. */
export type Figures = {
  readonly requests: number
  readonly rate: number
  readonly errors: number
  /** Share of requests, 0 to 1; null where there were none. */
  readonly errorRate: number | null
  readonly p50: number | null
  readonly p95: number | null
  /** Of bodies that went to callers; not known of an upstream's. */
  readonly bytes?: number
  /** Requests whose trace arrived broken, by reason. */
  readonly broken: Readonly<Record<string, number>>
}

export type Edge = {
  readonly from: string
  readonly to: string
  /** In the recent minutes a trace arrived broken here. */
  readonly broken: boolean
  readonly recent: Figures
  readonly total: Figures
}

export type Node =
  | {
      readonly id: string
      readonly kind: 'caller'
      readonly by: string
      readonly name: string
      readonly from?: string
    }
  | {
      readonly id: string
      readonly kind: 'gateway'
      readonly name: string
      readonly version: string
      readonly instance: string
    }
  | { readonly id: string; readonly kind: 'upstream'; readonly name: string; readonly tags: Tagged }
  | {
      readonly id: string
      readonly kind: 'target'
      readonly name: string
      readonly upstream: string
      readonly tags: Tagged
    }

type Tagged = Readonly<Record<string, string>>

export type TopologyMap = {
  /** ISO 8601. */
  readonly at: string
  /** When counting began. */
  readonly since: string
  /** What `recent` figures are of: from then to `at`. */
  readonly recentSince: string
  readonly nodes: readonly Node[]
  readonly edges: readonly Edge[]
}

/** The gateway itself, by the rules. */
export type Self = { readonly name: string; readonly version: string; readonly instance: string }

/** The map at `now`, in milliseconds since the Unix epoch; `names` are those of the tags by the rules. */
export function mapOf(
  { since, traffic }: TopologyTally,
  self: Self,
  names: TagNames,
  now: number
): TopologyMap {
  const shown = traffic.filter(({ place }) => place.kind !== 'route')
  const ids = new Set(shown.map(({ id }) => id))
  return {
    at: iso(now),
    since: iso(since),
    recentSince: iso(recentSince(since, now)),
    nodes: [{ id: gateway, kind: 'gateway', ...self }, ...shown.flatMap(one => nodesOf(one, names))],
    edges: shown.map(each => edgeOf(each, ids, since, now))
  }
}

/** The figures of one flow, recent and since the start. */
export function figuresOf(
  flow: Flow,
  place: Place,
  since: number,
  now: number
): { readonly recent: Figures; readonly total: Figures } {
  const total = totalOf(flow)
  // Whether a caller is known to send a trace its whole past tells.
  const lost = place.kind === 'caller' && isKnownToSend(total, place.by !== 'agent' && place.by !== 'other')
  const bytes = place.kind === 'caller' || place.kind === 'route'
  const figures = (stretch: Stretch, from: number) => figuresIn(stretch, (now - from) / 1000, lost, bytes)
  return { recent: figures(recentOf(flow, now), recentSince(since, now)), total: figures(total, since) }
}

const gateway = 'gateway'

function nodesOf({ id, place }: Traffic, names: TagNames): readonly Node[] {
  switch (place.kind) {
    case 'caller': {
      const { kind, by, name, from } = place
      return [{ id, kind, by, name, ...(from === '' ? {} : { from }) }]
    }
    case 'upstream':
      return [{ id, kind: 'upstream', name: place.name, tags: releaseOf(place, names) }]
    case 'target': {
      const { upstream, origin, tags } = place
      return [{ id, kind: 'target', name: origin, upstream: upstream.name, tags: Object.fromEntries(tags) }]
    }
    case 'route':
      return []
  }
}

function releaseOf(
  { serviceTag, version }: { readonly serviceTag: string; readonly version: string },
  names: TagNames
): Tagged {
  return {
    ...(serviceTag === '' ? {} : { [names.service]: serviceTag }),
    ...(version === '' ? {} : { [names.version]: version })
  }
}

function edgeOf({ id, place, flow }: Traffic, ids: ReadonlySet<string>, since: number, now: number): Edge {
  const { recent, total } = figuresOf(flow, place, since, now)
  const broken = Object.keys(recent.broken).length > 0
  if (place.kind === 'caller') return { from: id, to: gateway, broken, recent, total }
  if (place.kind !== 'target') return { from: gateway, to: id, broken, recent, total }
  const from = idOf(place.upstream)
  // Where there was no room for one of the two, what was left hangs below the gateway.
  return { from: ids.has(from) ? from : gateway, to: id, broken, recent, total }
}

function figuresIn(stretch: Stretch, seconds: number, lost: boolean, withBytes: boolean): Figures {
  const { bins, errors, bytes, absent, broken } = stretch
  const requests = bins.count
  const reasons = [...broken, ...(lost && absent > 0 ? [['absent', absent] as const] : [])]
  return {
    requests,
    rate: seconds > 0 ? rounded(requests / seconds) : 0,
    errors,
    errorRate: requests === 0 ? null : rounded(errors / requests),
    p50: quantileIn(stretch, 0.5),
    p95: quantileIn(stretch, 0.95),
    ...(withBytes ? { bytes } : {}),
    broken: Object.fromEntries(reasons)
  }
}

/** By rank, at most 1 % off. */
function quantileIn({ bins }: Stretch, q: number): number | null {
  if (bins.count === 0) return null
  const { index, within } = placeOf(bins, Math.max(1, Math.ceil(q * bins.count)))
  return rounded(sketchScale.at(index, within))
}

/** To six digits: more say nothing. */
function rounded(value: number): number {
  return Number(value.toPrecision(6))
}

function recentSince(since: number, now: number): number {
  return Math.max(since, recentFrom(now))
}
