// What is counted of dialects: the rows of the migration report, and how several become one. Counts requests, sees none.
import type { TraceAnswer } from '../mediate/answer.ts'
import type { ClientGroup } from './client-group.ts'

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

export function newDialect(): DialectTally {
  return {
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
}

export function copyDialect(tally: DialectTally): DialectTally {
  return { ...tally, malformed: new Map(tally.malformed) }
}

export function addDialect(into: DialectTally, tally: DialectTally): void {
  into.arrived += tally.arrived
  into.alone += tally.alone
  into.needed += tally.needed
  into.neededOutside += tally.neededOutside
  into.lost += tally.lost
  addCounts(into.malformed, tally.malformed)
  into.last = later(into.last, tally.last)
  into.lastNeeded = later(into.lastNeeded, tally.lastNeeded)
  into.lastNeededOutside = later(into.lastNeededOutside, tally.lastNeededOutside)
  into.lastLost = later(into.lastLost, tally.lastLost)
}

export function addAnswers(into: AnswerTally, tally: AnswerTally): void {
  into.same += tally.same
  into.other += tally.other
  into.malformed += tally.malformed
  into.lastOther = later(into.lastOther, tally.lastOther)
}

export function addCounts(into: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [key, count] of counts) into.set(key, (into.get(key) ?? 0) + count)
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.max(a, b)
}
