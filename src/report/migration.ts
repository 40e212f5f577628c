// The migration report as JSON for people and scripts: GET /api/propagation. Its keys are part of the contract.
import type { Rules } from '../rules/rules.ts'
import { iso } from './iso.ts'
import type { Propagation } from './propagation.ts'
import {
  type AnswerTally,
  addDialect,
  type ClientTally,
  copyDialect,
  type DialectTally,
  type RouteTally
} from './propagation-tally.ts'
import { type Unneeded, type Verdict, verdictsOf } from './unneeded.ts'

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
            routes: verdictsOf(rules.routes, routes, propagation.watchedSince, now - unneeded.ms)
          }
        })
  }
}

function total(routes: readonly RouteTally[]): ReadonlyMap<string, DialectTally> {
  const all = new Map<string, DialectTally>()
  for (const { dialects } of routes) {
    for (const [name, tally] of dialects) {
      const sum = all.get(name)
      if (sum === undefined) all.set(name, copyDialect(tally))
      else addDialect(sum, tally)
    }
  }
  return all
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
