// Whether a route can stop accepting a dialect: nobody needed it for a time, and somebody would have been seen to.
import type { Rules } from '../rules/rules.ts'
import { iso } from './iso.ts'
import type { RouteTally } from './propagation-tally.ts'
import type { Watched } from './watched.ts'

export type Verdict = {
  readonly route: string
  readonly dialect: string
  /** `yes`, `no`, or `unknown` where too little was seen to say, or what was seen is for people to judge. */
  readonly safeToStopAccepting: 'yes' | 'no' | 'unknown'
  readonly why: string
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

/** On every dialect that routes accept, by what was counted, for the time that began at `from`. */
export function verdictsOf(
  routes: Rules['routes'],
  counted: readonly RouteTally[],
  watchedSince: Watched['watchedSince'],
  from: number
): readonly Verdict[] {
  return routes.flatMap(({ name, policy }) => {
    const tally = counted.find(({ route }) => route === name)
    return policy.accept.map(dialect =>
      verdictOf(name, dialect.name, tally, watchedSince(name, dialect.name), from)
    )
  })
}

function verdictOf(
  route: string,
  dialect: string,
  tally: RouteTally | undefined,
  watched: number | undefined,
  from: number
): Verdict {
  const seen = tally?.dialects.get(dialect)
  const is = (safeToStopAccepting: Verdict['safeToStopAccepting'], why: string): Verdict => ({
    route,
    dialect,
    safeToStopAccepting,
    why
  })
  if (seen?.lastNeeded !== undefined && seen.lastNeeded >= from) {
    return is('no', `last needed at ${iso(seen.lastNeeded)}`)
  }
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
