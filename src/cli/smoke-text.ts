// What smoke prints for people. It judges nothing.
import type { Witnessed } from '../echo/propagators.ts'
import type { Judgement, Pair } from './smoke-judge.ts'

/** The table, notes and the verdict line. */
export function smokeText(url: string, judgement: Judgement): string {
  const parts = [
    `tracebridge smoke ${url}`,
    '',
    table(judgement),
    '',
    ...notes(judgement),
    ...verdict(judgement)
  ]
  return `${parts.join('\n')}\n`
}

function table({ in: ins, out: outs, pairs }: Judgement): string {
  const rows = [
    ['in \\ out', ...(outs.length === 0 ? ['(no dialect arrived)'] : outs)],
    ...ins.map(dialect => [
      dialect,
      ...(outs.length === 0 ? ['missing'] : pairs.filter(pair => pair.in === dialect).map(cell))
    ])
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row =>
      row
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('   ')
        .trimEnd()
    )
    .join('\n')
}

function cell(pair: Pair): string {
  const prefix = pair.verdict === 'whole' || pair.verdict === 'missing' ? '' : 'broken: '
  return `${prefix}${pair.verdict}${pair.when === undefined ? '' : ` when ${pair.when}`}`
}

function notes({ pairs }: Judgement): readonly string[] {
  const whole = pairs.filter(({ verdict }) => verdict === 'whole')
  const changed = whole.filter(({ sampling }) => sampling === 'changed')
  const parents = new Set(whole.map(({ parent }) => parent))
  const lines: string[] = []
  if (changed.length > 0) {
    lines.push(`note: the sampling decision was changed on the way, as rules may ask: ${named(changed)}`)
  }
  if (parents.size > 1 || parents.has('both')) {
    lines.push('parent: sometimes a new span, sometimes the caller’s own')
  } else if (parents.has('new')) {
    lines.push('parent: a new span, so the gateway is in the trace')
  } else if (parents.has('own')) {
    lines.push('parent: the caller’s own span, so the gateway is a transparent hop')
  }
  return lines
}

function verdict({ whole, in: ins, out: outs, pairs, lost }: Judgement): readonly string[] {
  const gone = lost.map(found => `sent in ${found.in} but did not arrive: ${found.fields.join(', ')}`)
  if (whole) return [...gone, `whole: every trace continued, from ${ins.join(', ')} to ${outs.join(', ')}`]
  const broken = pairs.filter(pair => pair.verdict !== 'whole')
  const why = outs.length === 0 ? `nothing arrived for ${ins.join(', ')}` : named(broken, true)
  return [...gone, `broken: ${why}`]
}

/** `w3c → b3, jaeger (missing); b3 → w3c (trace id differs)` */
function named(pairs: readonly Pair[], reasons = false): string {
  const groups = new Map<string, { dialect: Witnessed; reason: string; outs: Witnessed[] }>()
  for (const pair of pairs) {
    const reason = reasons ? ` (${cell(pair).replace('broken: ', '')})` : ''
    const group = groups.get(pair.in + reason)
    if (group === undefined) groups.set(pair.in + reason, { dialect: pair.in, reason, outs: [pair.out] })
    else group.outs.push(pair.out)
  }
  return [...groups.values()]
    .map(({ dialect, reason, outs }) => `${dialect} → ${outs.join(', ')}${reason}`)
    .join('; ')
}
