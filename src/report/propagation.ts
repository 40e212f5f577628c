// The migration report: which dialects arrive, from whom, and which of them somebody still needs. Exact counts since
// the start, bounded in number: a caller cannot make it grow. It keeps no ids and no addresses.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { Arrival } from '../mediate/receive.ts'
import { type ClientGroup, groupOf } from './client-group.ts'
import type { Outcome } from './outcome.ts'
import { createReading, type Family, type Reading } from './series.ts'
import { createWatched, type Watched } from './watched.ts'

/** What came of one dialect. Times are milliseconds since the Unix epoch. */
export type DialectTally = {
  /** Requests in which it could be read. */
  arrived: number
  /** Those in which no other accepted dialect said anything. */
  alone: number
  /** Those of believed callers that would have lost their context without it. */
  needed: number
  /** The same of callers that restart: without it they would lose the link to their trace. */
  neededOutside: number
  /** Those of believed callers in which it named another trace than the one that was followed. */
  lost: number
  /** Requests in which it could not be read, by reason. */
  readonly malformed: Map<string, number>
  last: number | undefined
  lastNeeded: number | undefined
  lastNeededOutside: number | undefined
  lastLost: number | undefined
}

/** All requests of one route. */
export type RouteTally = {
  readonly route: string
  requests: number
  last: number
  readonly dialects: Map<string, DialectTally>
  /** By upstream. */
  readonly answers: Map<string, AnswerTally>
}

/** Answers of one upstream that name a trace, beside the one that it was sent. */
export type AnswerTally = { -readonly [Each in TraceAnswer['outcome']]: number } & {
  lastOther: number | undefined
}

/** Requests of one route and client group that spoke the same dialects. */
export type ClientTally = ClientGroup & {
  readonly route: string
  /** In order of precedence, joined by `+`; `none` where nothing could be read. */
  readonly dialects: string
  requests: number
  last: number
  readonly needed: Map<string, number>
  /** By dialect and reason: `b3: zero-trace-id`. */
  readonly malformed: Map<string, number>
}

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
const other = 'other'

/** `now` gives milliseconds since the Unix epoch. */
export function createPropagation(now: () => number): Propagation {
  const routes = new Map<string, RouteTally>()
  // Strangers invent names as they like: they fill up rows of their own, not those of callers that are known.
  const inside = new Map<string, ClientTally>()
  const outside = new Map<string, ClientTally>()
  const routeTally = (name: string, at: number): RouteTally =>
    bounded(routes, name, caps.routes, other, route => ({
      route: route === other ? other : name,
      requests: 0,
      last: at,
      dialects: new Map(),
      answers: new Map()
    }))
  const clientTally = (route: string, group: ClientGroup, dialects: string, at: number): ClientTally => {
    const stranger = group.from === 'outside'
    const key = [route, group.agent, group.from, dialects].join('\u0000')
    return bounded(stranger ? outside : inside, key, stranger ? caps.outside : caps.inside, other, taken => {
      const over = taken === other
      return {
        route: over ? other : route,
        agent: over ? other : group.agent,
        from: over ? (stranger ? 'outside' : other) : group.from,
        dialects: over ? other : dialects,
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
      if (needed !== undefined) count(row.needed, needed)
      for (const { dialect, reason } of arrival.malformed) countMalformed(total, row, dialect, reason)
      for (const dialect of mediation.garbledBaggage) countMalformed(total, row, dialect, 'baggage')
    },
    routes: () => [...routes.values()],
    clients: () => [...inside.values(), ...outside.values()],
    families: familiesOf(
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
  count(dialectTally(total, dialect).malformed, reason)
  count(row.malformed, `${dialect}: ${reason}`)
}

function dialectTally({ dialects }: RouteTally, name: string): DialectTally {
  const known = dialects.get(name)
  if (known !== undefined) return known
  const tally: DialectTally = {
    arrived: 0,
    alone: 0,
    needed: 0,
    neededOutside: 0,
    lost: 0,
    malformed: new Map(),
    last: undefined,
    lastNeeded: undefined,
    lastNeededOutside: undefined,
    lastLost: undefined
  }
  dialects.set(name, tally)
  return tally
}

function countAnswer({ answers }: RouteTally, upstream: string, { outcome }: TraceAnswer, at: number): void {
  const tally = bounded(answers, upstream, caps.reasons, other, () => ({
    same: 0,
    other: 0,
    malformed: 0,
    lastOther: undefined
  }))
  tally[outcome]++
  if (outcome === 'other') tally.lastOther = at
}

/** What stands under a key, made where there is room; else what stands under the key of the overflow. */
function bounded<T>(
  map: Map<string, T>,
  key: string,
  cap: number,
  overflow: string,
  make: (at: string) => T
): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const at = map.size < cap ? key : overflow
  const value = map.get(at) ?? make(at)
  map.set(at, value)
  return value
}

function count(map: Map<string, number>, key: string): void {
  const at = map.has(key) || map.size < caps.reasons ? key : other
  map.set(at, (map.get(at) ?? 0) + 1)
}

function familiesOf(
  routes: () => readonly RouteTally[],
  clients: () => readonly ClientTally[]
): readonly Family[] {
  const perDialect = (value: (tally: DialectTally) => number | undefined): Reading => {
    return () =>
      routes().flatMap(({ route, dialects }) =>
        [...dialects].flatMap(([dialect, tally]) => {
          const amount = value(tally)
          return amount === undefined ? [] : [[[route, dialect], amount] as const]
        })
      )
  }
  return [
    createReading(
      'counter',
      'tracebridge_propagation',
      'Requests by route, client group and the dialects that could be read in them.',
      ['route', 'agent', 'from', 'dialects'],
      () => clients().map(row => [[row.route, row.agent, row.from, row.dialects], row.requests])
    ),
    createReading(
      'counter',
      'tracebridge_dialect_needed',
      'Requests of believed callers that would have lost their context without a dialect.',
      ['route', 'dialect'],
      perDialect(tally => tally.needed)
    ),
    createReading(
      'gauge',
      'tracebridge_dialect_last_needed_timestamp_seconds',
      'When a request of a believed caller last needed a dialect.',
      ['route', 'dialect'],
      perDialect(({ lastNeeded }) => (lastNeeded === undefined ? undefined : lastNeeded / 1000))
    )
  ]
}
