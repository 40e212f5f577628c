// Sampling rules for a while, given to a running gateway: they go before all others, survive reloads, and end by
// themselves. No timer: one that is over is one that is not found any more.
import type { Parent, SamplingPlan } from '../mediate/policy.ts'
import { createCondition, type Where } from '../route/first.ts'
import type { Match, Target } from '../route/match.ts'
import { ratio } from '../samplers/ratio.ts'
import type { Clock, Sampler } from '../samplers/sampler.ts'
import type { Rules, Tags } from './rules.ts'

export type TimedRule = {
  readonly match: Match
  readonly where: Where
  /** The share of new traces that is kept, 0 to 1. */
  readonly rate: number
  /** In place of that of the rules; undefined to leave it. */
  readonly parent: Parent | undefined
  readonly forMs: number
}

export type Running = TimedRule & {
  /** `1`, `2`, … as they came. */
  readonly id: string
  readonly remainingMs: number
}

export type Timed = {
  /** Puts one in force, in place of one with the same match; its id, or undefined where there are too many. */
  readonly put: (rule: TimedRule) => string | undefined
  /** Ends one, or all; how many there were to end. */
  readonly end: (id?: string) => number
  /** Puts these in force in place of all: the order is that of `running`. */
  readonly replace: (rules: readonly TimedRule[]) => void
  /** In the order in which they are asked: the latest first. */
  readonly running: () => readonly Running[]
  /** The plan that holds, given that of the rules. */
  readonly over: (plan: SamplingPlan, target: Target, route: string, tags: Tags) => SamplingPlan
  /** What holds for every request of a route, given the rate of its own plan. */
  readonly rateOf: (route: string, rate: number) => number
}

/** Route, `service.tag` ('' where it makes no difference) and the share of new traces in force, 0 to 1. */
export function ratesOf(
  { routes }: Pick<Rules, 'routes'>,
  timed: Pick<Timed, 'rateOf'>
): readonly (readonly [route: string, tag: string, rate: number])[] {
  return routes.flatMap(({ name, rates }) =>
    rates().map(([tag, rate]) => [name, tag, timed.rateOf(name, rate)] as const)
  )
}

type Entry = TimedRule & {
  readonly id: string
  readonly until: number
  readonly key: string
  readonly sampler: Sampler
  readonly holds: (target: Target, route: string, tags: Tags) => boolean
}

/** More are a mistake of a script. */
const most = 100

/** Starts with none. `now` is a clock in milliseconds that never runs backwards. */
export function createTimed(now: Clock): Timed {
  let entries: readonly Entry[] = []
  let count = 0

  function current(): readonly Entry[] {
    const at = now()
    if (entries.some(({ until }) => until <= at)) entries = entries.filter(({ until }) => until > at)
    return entries
  }

  return {
    put: rule => {
      const key = keyOf(rule)
      const others = current().filter(each => each.key !== key)
      if (others.length >= most) return undefined
      const id = String(++count)
      entries = [entryOf(rule, id, key, now()), ...others]
      return id
    },
    end: id => {
      const before = current()
      entries = id === undefined ? [] : before.filter(each => each.id !== id)
      return before.length - entries.length
    },
    replace: rules => {
      entries = rules.map(rule => entryOf(rule, String(++count), keyOf(rule), now()))
    },
    running: () => {
      const at = now()
      return current().map(({ id, match, where, rate, parent, forMs, until }) => ({
        ...{ id, match, where, rate, parent, forMs },
        remainingMs: until - at
      }))
    },
    over: (plan, target, route, tags) => {
      if (entries.length === 0) return plan
      const found = current().find(each => each.holds(target, route, tags))
      return found === undefined
        ? plan
        : { ...plan, sampler: found.sampler, parent: found.parent ?? plan.parent, boost: never }
    },
    rateOf: (route, rate) => current().find(each => coversAll(each, route))?.rate ?? rate
  }
}

function entryOf(rule: TimedRule, id: string, key: string, at: number): Entry {
  const holds = createCondition(rule.match, rule.where)
  return { ...rule, id, key, until: at + rule.forMs, sampler: ratio(rule.rate), holds }
}

/** An operator's word is the last one. */
function never(): boolean {
  return false
}

function coversAll({ match, where }: TimedRule, route: string): boolean {
  const { host, path, methods, headers } = match
  if (host !== undefined || methods !== undefined || headers !== undefined || where.tags !== undefined)
    return false
  return (path === undefined || path === '/**') && (where.routes === undefined || where.routes.has(route))
}

function keyOf({ match: { host, path, methods, headers }, where: { routes, tags } }: TimedRule): string {
  const sorted = (items: Iterable<unknown> | undefined) => items && [...items].map(String).sort()
  return JSON.stringify(
    [host, path, sorted(methods), sorted(headers), sorted(routes), sorted(tags)].map(part => part ?? null)
  )
}
