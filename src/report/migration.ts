// The migration report as JSON for people and scripts: GET /api/propagation. Its keys are part of the contract.
import type { Rules } from '../rules/rules.ts'
import type { AnswerTally, ClientTally, DialectTally, Propagation, RouteTally } from './propagation.ts'

/** One dialect of one route, or of all. Times are ISO 8601, null for never. */
type ShownDialect = {
  readonly dialect: string
  readonly arrived: number
  readonly alone: number
  readonly needed: number
  readonly neededOutside: number
  readonly lost: number
  readonly malformed: Readonly<Record<string, number>>
  readonly last: string | null
  readonly lastNeeded: string | null
  readonly lastNeededOutside: string | null
  readonly lastLost: string | null
}

/** What an upstream says of the trace that it was sent, in the header of its answers. */
type ShownAnswers = {
  readonly upstream: string
  readonly same: number
  readonly other: number
  readonly malformed: number
  readonly lastOther: string | null
  readonly why: string
}

type Verdict = {
  readonly route: string
  readonly dialect: string
  /** `yes`, `no`, or `unknown` where too little was seen to say, or what was seen is for people to judge. */
  readonly safeToStopAccepting: 'yes' | 'no' | 'unknown'
  readonly why: string
}

export type Migration = {
  readonly since: string
  readonly now: string
  readonly requests: number
  readonly dialects: readonly ShownDialect[]
  readonly routes: readonly {
    readonly route: string
    readonly requests: number
    readonly dialects: readonly ShownDialect[]
    /** Empty where no answer named a trace. */
    readonly answers: readonly ShownAnswers[]
  }[]
  readonly clients: readonly {
    readonly route: string
    readonly agent: string
    readonly from: string
    readonly dialects: readonly string[]
    readonly requests: number
    readonly needed: Readonly<Record<string, number>>
    readonly malformed: Readonly<Record<string, number>>
    readonly last: string
  }[]
  readonly unneeded?: { readonly for: string; readonly routes: readonly Verdict[] }
}

/** A time that a dialect was not needed for, as asked for. */
export type Unneeded = { readonly text: string; readonly ms: number }

const unneededPattern = /^([1-9]\d{0,3})(m|h|d)$/
const unitMs = new Map([
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000]
])

/** `30m`, `12h`, `7d`; never no time at all, in which nothing is needed. */
export function parseUnneeded(text: string): Unneeded | undefined {
  const [, digits, unit] = unneededPattern.exec(text) ?? []
  const factor = unitMs.get(unit ?? '')
  return digits === undefined || factor === undefined ? undefined : { text, ms: Number(digits) * factor }
}

/** What the report is made of. */
type Counted = Pick<Propagation, 'since' | 'routes' | 'clients' | 'watchedSince'>

/** The report at `now`; with verdicts on every dialect that the rules in force accept, when they are asked for. */
export function migrationOf(
  propagation: Counted,
  rules: Pick<Rules, 'routes'>,
  now: number,
  unneeded?: Unneeded
): Migration {
  const routes = propagation.routes()
  return {
    since: iso(propagation.since),
    now: iso(now),
    requests: routes.reduce((sum, { requests }) => sum + requests, 0),
    dialects: shown(total(routes)),
    routes: routes.map(({ route, requests, dialects, answers }) => ({
      route,
      requests,
      dialects: shown(dialects),
      answers: [...answers].map(showAnswers)
    })),
    clients: propagation.clients().map(showClient).sort(busiestFirst),
    ...(unneeded === undefined
      ? {}
      : {
          unneeded: {
            for: unneeded.text,
            routes: rules.routes.flatMap(route =>
              route.policy.accept.map(({ name }) =>
                verdictOf(propagation, routes, route.name, name, now, unneeded)
              )
            )
          }
        })
  }
}

function verdictOf(
  { watchedSince }: Counted,
  routes: readonly RouteTally[],
  route: string,
  dialect: string,
  now: number,
  unneeded: Unneeded
): Verdict {
  const tally = routes.find(one => one.route === route)
  const seen = tally?.dialects.get(dialect)
  const from = now - unneeded.ms
  const is = (safeToStopAccepting: Verdict['safeToStopAccepting'], why: string): Verdict => ({
    route,
    dialect,
    safeToStopAccepting,
    why
  })
  if (seen?.lastNeeded !== undefined && seen.lastNeeded >= from) {
    return is('no', `last needed at ${iso(seen.lastNeeded)}`)
  }
  const watched = watchedSince(route, dialect)
  if (watched === undefined) return is('unknown', 'it is not watched on this route yet')
  if (watched > from)
    return is('unknown', `this process has seen this route accept it only since ${iso(watched)}`)
  if (tally === undefined || tally.last < from) {
    return is('unknown', 'no request took this route in that time')
  }
  if (seen?.lastLost !== undefined && seen.lastLost >= from) {
    const at = iso(seen.lastLost)
    return is(
      'unknown',
      `it last named another trace than the one that was continued at ${at}: who sends it?`
    )
  }
  if (seen?.lastNeededOutside !== undefined && seen.lastNeededOutside >= from) {
    const at = iso(seen.lastNeededOutside)
    return is('yes', `only callers that are not believed need it, for the link to their trace; last at ${at}`)
  }
  if (seen?.last === undefined || seen.last < from) return is('yes', 'it did not arrive in that time')
  return is('yes', 'wherever it arrived, another dialect said as much of the same trace')
}

function total(routes: readonly RouteTally[]): ReadonlyMap<string, DialectTally> {
  const all = new Map<string, DialectTally>()
  for (const { dialects } of routes) {
    for (const [name, tally] of dialects) {
      const sum = all.get(name)
      all.set(name, sum === undefined ? tally : added(sum, tally))
    }
  }
  return all
}

function added(a: DialectTally, b: DialectTally): DialectTally {
  const malformed = new Map(a.malformed)
  for (const [reason, number] of b.malformed) malformed.set(reason, (malformed.get(reason) ?? 0) + number)
  return {
    arrived: a.arrived + b.arrived,
    alone: a.alone + b.alone,
    needed: a.needed + b.needed,
    neededOutside: a.neededOutside + b.neededOutside,
    lost: a.lost + b.lost,
    malformed,
    last: later(a.last, b.last),
    lastNeeded: later(a.lastNeeded, b.lastNeeded),
    lastNeededOutside: later(a.lastNeededOutside, b.lastNeededOutside),
    lastLost: later(a.lastLost, b.lastLost)
  }
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || (b !== undefined && b > a) ? b : a
}

function shown(dialects: ReadonlyMap<string, DialectTally>): ShownDialect[] {
  return [...dialects].map(([dialect, tally]) => ({
    dialect,
    arrived: tally.arrived,
    alone: tally.alone,
    needed: tally.needed,
    neededOutside: tally.neededOutside,
    lost: tally.lost,
    malformed: Object.fromEntries(tally.malformed),
    last: isoOrNull(tally.last),
    lastNeeded: isoOrNull(tally.lastNeeded),
    lastNeededOutside: isoOrNull(tally.lastNeededOutside),
    lastLost: isoOrNull(tally.lastLost)
  }))
}

function showAnswers([upstream, tally]: readonly [string, AnswerTally]): ShownAnswers {
  const { same, other, malformed, lastOther } = tally
  return {
    upstream,
    same,
    other,
    malformed,
    lastOther: isoOrNull(lastOther),
    why: whyOf(upstream, tally)
  }
}

function whyOf(upstream: string, { same, other, malformed }: AnswerTally): string {
  const more = same === 0 ? '' : 'sometimes '
  if (other > 0) return `${upstream} ${more}answers with another trace: it did not continue ours`
  return same > 0 || malformed === 0
    ? `${upstream} continues our trace`
    : `what ${upstream} answers of its trace cannot be read`
}

function showClient(row: ClientTally): Migration['clients'][number] {
  const { route, agent, from, dialects, requests, needed, malformed, last } = row
  return {
    route,
    agent,
    from,
    dialects: dialects === 'none' ? [] : dialects.split('+'),
    requests,
    needed: Object.fromEntries(needed),
    malformed: Object.fromEntries(malformed),
    last: iso(last)
  }
}

type Client = Migration['clients'][number]

function busiestFirst(a: Client, b: Client): number {
  return b.requests - a.requests
}

function isoOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms)
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
