// Reads the body of PUT /sampling, and shows what is in force. Bytes from a caller: what is wrong with them is a list
// of complaints, in the words of the rules.
import * as v from 'valibot'
import { sentence } from '../rules/decode.ts'
import { below } from '../rules/located.ts'
import { must, table } from '../rules/notation.ts'
import type { Rules } from '../rules/rules.ts'
import { settleMatch, settleWhere } from '../rules/settle-match.ts'
import { override } from '../rules/shape-sampling.ts'
import { duration } from '../rules/shape-values.ts'
import { showMatch } from '../rules/show-sampling.ts'
import { type Running, ratesOf, type Timed, type TimedRule } from '../rules/timed.ts'
import { formatDuration, formatRate } from '../rules/values.ts'

const longestMs = 24 * 3_600_000

const expectedTime = 'expected a time above 0, up to 24h'
const shape = table({
  ...override,
  for: must('How long.', v.pipe(duration, v.minValue(1, expectedTime), v.maxValue(longestMs, expectedTime)))
})

/** What is asked for, or everything that is wrong with it. */
export function overrideOf(
  text: string,
  { routes }: Pick<Rules, 'routes'>
): { readonly rule: TimedRule } | { readonly complaints: readonly string[] } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { complaints: ['the body is not JSON'] }
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { complaints: ['the body: expected a map'] }
  }
  const result = v.safeParse(shape, json, { message: sentence })
  if (!result.success) return { complaints: result.issues.map(complaintOf) }
  const { match = {}, rate, parent, for: forMs } = result.output
  const where = settleWhere(match)
  const unknown = [...(where.routes ?? [])].filter(name => !routes.some(route => route.name === name))
  if (unknown.length > 0) return { complaints: ['match.route: expected the name of a route'] }
  return { rule: { match: settleMatch(match), where, rate, parent, forMs } }
}

function complaintOf(issue: v.BaseIssue<unknown>): string {
  const last = issue.path?.at(-1)
  const missing = last?.origin === 'key' && last.value === undefined
  // A key that is not known is a caller's bytes: it is not repeated.
  const named = last?.origin === 'key' ? issue.path?.slice(0, -1) : issue.path
  const path = (named ?? []).reduce((at, { key }) => below(at, String(key)), '.')
  const where = path === '.' ? 'the body' : path.slice(1)
  return `${where}: ${missing ? `expected the key ${String(last.key)}` : issue.message}`
}

/** The JSON of GET /sampling. */
export function samplingInForce(rules: Rules, timed: Timed): Readonly<Record<string, unknown>> {
  return {
    overrides: timed.running().map(showRunning),
    rates: ratesOf(rules, timed).map(([route, tag, rate]) => ({
      route,
      ...(tag === '' ? {} : { service_tag: tag }),
      // An adaptive rate has more digits than anybody reads.
      rate: formatRate(Number(rate.toPrecision(6)))
    }))
  }
}

/** In the notation of a rule. */
function showRunning({ id, match, where, rate, parent, forMs, remainingMs }: Running) {
  return {
    id,
    match: showMatch(match, where),
    rate: formatRate(rate),
    ...(parent === undefined ? {} : { parent }),
    for: formatDuration(forMs),
    remaining: formatDuration(Math.ceil(remainingMs / 1000) * 1000)
  }
}
