// A verdict as people read it, and as build servers do. It decides nothing.
import type { Comparison } from '../gate/compare.ts'
import type { Estimate } from '../gate/quantile.ts'
import type { Judgement } from '../gate/verdict.ts'
import { comparisonText, digits, duration, percent, shown, shownValue, table } from './figures.ts'

/** All that is known of a verdict; `--json` prints it as it is. */
export type GateResult = {
  readonly verdict: Judgement['verdict']
  readonly why: readonly string[]
  readonly notes: readonly string[]
  readonly source: string
  /** Latencies are from buckets, so only roughly known. */
  readonly coarse: boolean
  readonly baseline: string
  readonly candidate: string
  readonly limits: { readonly p95Ratio: number; readonly errorRatio: number; readonly floorMs: number }
  readonly comparison: Comparison
  readonly latency: {
    readonly finding: string
    readonly ratio: Estimate | null
    readonly routes: Judgement['latency']['routes']
  }
  readonly errors: Judgement['errors']
}

export const coarseNote =
  'latencies are from histogram buckets, evened out within each: rougher than the sketches of --admin'

export function gateText(result: GateResult): string {
  const { verdict, why, notes, source, coarse, comparison, latency, limits, errors } = result
  const lines = [`${verdict.toUpperCase()}  ${why.join('; ')}\n\n`]
  lines.push(comparisonText(comparison, [result.baseline, result.candidate]), '\n')
  if (latency.routes.length > 0) {
    lines.push(
      table([
        ['p95 by route', 'baseline', 'candidate', 'ratio, 90 % interval', 'line', 'finding'],
        ...latency.routes.map(({ route, baseline, candidate, ratio, line, finding }) => [
          route,
          shownValue(baseline, duration),
          shownValue(candidate, duration),
          shown(ratio, digits),
          digits(line),
          finding
        ]),
        ...(latency.routes.length > 1 && latency.ratio !== null
          ? [['together', '', '', shown(latency.ratio, digits), digits(limits.p95Ratio), latency.finding]]
          : [])
      ]),
      '\n'
    )
  }
  for (const { route, baseline, candidate, finding } of errors.routes) {
    if (finding === 'within') continue
    lines.push(
      `errors of ${route}: ${percent(baseline.value)} and ${percent(candidate.value)}, ${finding === 'over' ? '' : 'not proven '}over the line of ${limits.errorRatio} times\n`
    )
  }
  lines.push(`measured ${digits(comparison.seconds)} s, ${source}\n`)
  for (const note of coarse ? [coarseNote, ...notes] : notes) lines.push(`note: ${note}\n`)
  return lines.join('')
}

type Case = { readonly name: string; readonly finding: string; readonly message: string }

/**
 * Test cases for a build server: the verdict, and the p95 of each route and all errors apart. What is not known counts as
 * skipped. https://github.com/testmoapp/junitxml
 */
export function junitText(result: GateResult): string {
  const { latency, errors } = result
  const cases: readonly Case[] = [
    { name: 'verdict', finding: result.verdict, message: result.why.join('; ') },
    ...latency.routes.map(({ route, finding, ratio, line }) => ({
      name: `p95 of ${route}`,
      finding,
      message: `${shownValue(ratio, digits)} times the baseline's, the line is ${digits(line)}`
    })),
    { name: 'errors', finding: errors.finding, message: `the line is ${result.limits.errorRatio} times` }
  ]
  return junit(cases, result.comparison.seconds)
}

/** For a gate that could not ask. */
export function junitUnreachable(reason: string): string {
  return junit([{ name: 'verdict', finding: 'unreachable', message: reason }], 0)
}

function junit(cases: readonly Case[], seconds: number): string {
  const count = (...findings: string[]) => cases.filter(({ finding }) => findings.includes(finding)).length
  const totals = `tests="${cases.length}" failures="${count('fail', 'over')}" errors="${count('unreachable')}" skipped="${count('inconclusive', 'open')}"`
  const body = cases.map(one => {
    const open = `  <testcase classname="tracebridge.gate" name="${escaped(one.name)}"`
    const element = elements.get(one.finding)
    return element === undefined
      ? `${open}/>\n`
      : `${open}><${element} message="${escaped(one.message)}"/></testcase>\n`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="tracebridge gate" ${totals} time="${seconds.toFixed(3)}">\n${body.join('')}</testsuite>\n`
}

const elements: ReadonlyMap<string, string> = new Map([
  ['fail', 'failure'],
  ['over', 'failure'],
  ['unreachable', 'error'],
  ['inconclusive', 'skipped'],
  ['open', 'skipped']
])

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;']
])

/** What XML cannot hold at all is left out. https://www.w3.org/TR/xml/#charsets */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '')
    .replace(/[&<>"]/g, found => entities.get(found) ?? '')
}
