// The migration report: which dialects arrive, from whom, and which of them somebody still needs. Exact counts since
// the start, bounded in number: a caller cannot make it grow. It keeps no ids and no addresses.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { Arrival } from '../mediate/receive.ts'
import { bounded, count, overflow } from './bounded.ts'
import { type ClientGroup, groupOf } from './client-group.ts'
import type { Outcome } from './outcome.ts'
import { propagationFamilies } from './propagation-families.ts'
import { type ClientTally, type DialectTally, newDialect, type RouteTally } from './propagation-tally.ts'
import type { Family } from './series.ts'
import { createWatched, type Watched } from './watched.ts'

export type Propagation = Watched & {
  /** Counts a finished request. */
  readonly request: (outcome: Outcome) => void
  /** When counting began. */
  readonly since: number
  readonly routes: () => readonly RouteTally[]
  readonly clients: () => readonly ClientTally[]
  readonly families: readonly Family[]
}

/** Routes, client rows of believed and of other callers, and reasons of a dialect: what is beyond is `other`. */
const caps = { routes: 500, inside: 1_500, outside: 500, reasons: 40 }

/** `now` gives milliseconds since the Unix epoch. */
export function createPropagation(now: () => number): Propagation {
  const routes = new Map<string, RouteTally>()
  // Strangers invent names as they like: they fill up rows of their own, not those of callers that are known.
  const inside = new Map<string, ClientTally>()
  const outside = new Map<string, ClientTally>()
  const routeTally = (name: string, at: number): RouteTally =>
    bounded(routes, name, caps.routes, route => ({
      route: route === overflow ? overflow : name,
      requests: 0,
      last: at,
      dialects: new Map(),
      answers: new Map()
    }))
  const clientTally = (route: string, group: ClientGroup, dialects: string, at: number): ClientTally => {
    const stranger = group.from === 'outside'
    const key = `${route}\0${group.agent}\0${group.from}\0${dialects}`
    return bounded(stranger ? outside : inside, key, stranger ? caps.outside : caps.inside, taken => {
      const over = taken === overflow
      return {
        route: over ? overflow : route,
        agent: over ? overflow : group.agent,
        from: over ? (stranger ? 'outside' : overflow) : group.from,
        dialects: over ? overflow : dialects,
        requests: 0,
        last: at,
        needed: new Map(),
        malformed: new Map()
      }
    })
  }
  return {
    ...createWatched(now),
    since: now(),
    request: ({ mediation, route, userAgent, client, attempts, end }) => {
      if (mediation === undefined) return
      const { arrival, trust } = mediation
      const name = route?.name ?? ''
      // Of a caller that is not believed a context alone is of use: it is linked.
      const believed = trust === 'continue'
      const used = believed || (trust === 'restart' && arrival.received.kind === 'context')
      const needed = used ? neededOf(arrival) : undefined
      const total = routeTally(name, end)
      total.requests++
      total.last = end
      for (const { dialect } of arrival.spoken) {
        const tally = dialectTally(total, dialect)
        tally.arrived++
        tally.last = end
        if (arrival.spoken.length === 1) tally.alone++
        if (dialect === needed) countNeeded(tally, believed, end)
        if (!believed || arrival.conflicts.length === 0) continue
        if (!arrival.conflicts.some(conflict => conflict.dialect === dialect)) continue
        tally.lost++
        tally.lastLost = end
      }
      for (const { answer } of attempts) {
        if (answer !== undefined) countAnswer(total, route?.upstream.name ?? '', answer, end)
      }
      const row = clientTally(name, groupOf(userAgent, client, trust), spokenOf(arrival), end)
      row.requests++
      row.last = end
      if (needed !== undefined) count(row.needed, needed, caps.reasons)
      for (const { dialect, reason } of arrival.malformed) countMalformed(total, row, dialect, reason)
      for (const dialect of mediation.garbledBaggage) countMalformed(total, row, dialect, 'baggage')
    },
    routes: () => [...routes.values()],
    clients: () => [...inside.values(), ...outside.values()],
    families: propagationFamilies(
      () => [...routes.values()],
      () => [...inside.values(), ...outside.values()]
    )
  }
}

/**
 * The dialect without which this request would lose its context, or, where nobody had one, its trace or its decision:
 * no other one says as much of the same trace.
 */
export function neededOf({ dialect, received, spoken, conflicts }: Arrival): string | undefined {
  if (dialect === undefined || received.kind === 'none') return undefined
  const stands = spoken.some(
    one =>
      one.dialect !== dialect &&
      one.received.kind === received.kind &&
      !conflicts.some(conflict => conflict.dialect === one.dialect)
  )
  return stands ? undefined : dialect
}

function spokenOf({ spoken }: Arrival): string {
  const [first] = spoken
  if (first === undefined) return 'none'
  return spoken.length === 1 ? first.dialect : spoken.map(({ dialect }) => dialect).join('+')
}

function countNeeded(tally: DialectTally, believed: boolean, at: number): void {
  if (believed) {
    tally.needed++
    tally.lastNeeded = at
  } else {
    tally.neededOutside++
    tally.lastNeededOutside = at
  }
}

function countMalformed(total: RouteTally, row: ClientTally, dialect: string, reason: string): void {
  count(dialectTally(total, dialect).malformed, reason, caps.reasons)
  count(row.malformed, `${dialect}: ${reason}`, caps.reasons)
}

function dialectTally({ dialects }: RouteTally, name: string): DialectTally {
  const known = dialects.get(name)
  if (known !== undefined) return known
  const tally = newDialect()
  dialects.set(name, tally)
  return tally
}

function countAnswer({ answers }: RouteTally, upstream: string, { outcome }: TraceAnswer, at: number): void {
  const tally = bounded(answers, upstream, caps.reasons, () => ({
    same: 0,
    other: 0,
    malformed: 0,
    lastOther: undefined
  }))
  tally[outcome]++
  if (outcome === 'other') tally.lastOther = at
}
