// Who and what traffic is told of: callers, routes, upstreams by release, targets, each known by an id, bounded in number.
// It keeps flows by place; what is counted in them topology.ts knows.
import type { Tags } from '../rules/rules.ts'
import type { Caller } from './caller.ts'
import { addFlow, emptyFlow, type Flow } from './flow.ts'

/** Targets of one upstream that are of one release; '' for what they have no tag of. */
type UpstreamPlace = {
  readonly kind: 'upstream'
  readonly name: string
  readonly serviceTag: string
  readonly version: string
}

export type TargetPlace = {
  readonly kind: 'target'
  readonly upstream: UpstreamPlace
  readonly origin: string
  readonly tags: Tags
}

/** Where requests came from, or went to. */
export type Place = Caller | { readonly kind: 'route'; readonly name: string } | UpstreamPlace | TargetPlace

/** One edge: between the gateway and a place, or, of a target, between its upstream and it. */
export type Traffic = {
  /** Of the place; the same in every process. */
  readonly id: string
  readonly place: Place
  readonly flow: Flow
}

/** Believed callers, and others; upstreams by tags, targets, routes. What is beyond is `other`. */
const caps = { inside: 300, outside: 100, upstream: 500, target: 1_000, route: 500 }

type Table = {
  readonly byId: Map<string, Traffic>
  readonly cap: number
  /** What there is no room for; shown when it is needed. */
  readonly other: Traffic
}

/** Strangers fill up a table of their own: names that they invent push out nobody who is known. */
export type Tables = {
  readonly inside: Table
  readonly outside: Table
  readonly route: Table
  readonly upstream: Table
  readonly target: Table
}

/** Those of several processes as one, within the same bounds. */
export function sumTraffic(tallies: readonly (readonly Traffic[])[]): readonly Traffic[] {
  const tables = emptyTables()
  for (const { place, flow } of tallies.flat()) addFlow(flowOf(tables, place), flow)
  return allOf(tables)
}

/** Of a place: no two have the same. */
export function idOf(place: Place): string {
  switch (place.kind) {
    case 'caller':
      return `caller ${place.by} ${place.from === '' ? '-' : place.from} ${place.name}`
    case 'route':
      return `route ${place.name}`
    case 'upstream':
      return `upstream ${releaseOf(place)}`
    case 'target':
      return `target ${place.origin} ${releaseOf(place.upstream)}`
  }
}

function releaseOf({ name, serviceTag, version }: UpstreamPlace): string {
  return JSON.stringify([name, serviceTag, version])
}

export function emptyTables(): Tables {
  const caller = { kind: 'caller', by: 'other', name: 'other' } as const
  const upstream = { kind: 'upstream', name: 'other', serviceTag: '', version: '' } as const
  const table = (cap: number, other: Place): Table => ({
    byId: new Map(),
    cap,
    other: { id: idOf(other), place: other, flow: emptyFlow() }
  })
  return {
    inside: table(caps.inside, { ...caller, from: '', stranger: false }),
    outside: table(caps.outside, { ...caller, from: 'outside', stranger: true }),
    route: table(caps.route, { kind: 'route', name: 'other' }),
    upstream: table(caps.upstream, upstream),
    target: table(caps.target, { kind: 'target', upstream, origin: 'other', tags: new Map() })
  }
}

/** Every place that anything was counted of. */
export function allOf(tables: Tables): readonly Traffic[] {
  return Object.values(tables).flatMap(({ byId }) => [...byId.values()])
}

/** Whether one more target, or upstream, or route might find no room. */
export function isFull({ route, upstream, target }: Tables): boolean {
  return [route, upstream, target].some(({ byId, cap }) => byId.size >= cap)
}

/** Forgets routes, upstreams and targets that are none of `inForce`; callers stay. */
export function forget(tables: Tables, inForce: readonly Place[]): void {
  const ids = new Set(inForce.map(idOf))
  for (const { byId, other } of [tables.route, tables.upstream, tables.target]) {
    for (const id of byId.keys()) if (!ids.has(id) && id !== other.id) byId.delete(id)
  }
}

/** That of a place, or of all others where there is no room for one more. */
export function flowOf(tables: Tables, wanted: Place): Flow {
  const { byId, cap, other } =
    wanted.kind === 'caller' ? (wanted.stranger ? tables.outside : tables.inside) : tables[wanted.kind]
  const id = idOf(wanted)
  const known = byId.get(id)
  if (known !== undefined) return known.flow
  if (byId.size >= cap || id === other.id) {
    byId.set(other.id, other)
    return other.flow
  }
  const traffic = { id, place: wanted, flow: emptyFlow() }
  byId.set(id, traffic)
  return traffic.flow
}
