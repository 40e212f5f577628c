// Numbers and tables as `gate` and `compare` show them to people.
import type { Comparison, SideFigures } from '../gate/compare.ts'
import type { Estimate } from '../gate/quantile.ts'

/** Three digits that matter: `87.3 ms`, `1.25 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${digits(ms)} ms` : `${digits(ms / 1000)} s`
}

export function percent(share: number): string {
  return `${digits(share * 100)} %`
}

export function digits(value: number): string {
  if (value === 0) return '0'
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString()
}

/** The value and, in brackets, from where to where it may be. */
export function shown(estimate: Estimate | null, write: (value: number) => string): string {
  if (estimate === null) return '-'
  const { low, high } = estimate
  return `${shownValue(estimate, write)} (${write(low)} to ${high === null ? '?' : write(high)})`
}

/** The value alone; of what is beyond the last bucket, that it is more. */
export function shownValue({ value, atLeast }: Estimate, write: (value: number) => string): string {
  return atLeast ? `> ${write(value)}` : write(value)
}

/** Lines of cells, each column as wide as it must be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => (row[i] ?? '').length)))
  return rows
    .map(row => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .map(line => `${line}\n`)
    .join('')
}

/** Both sides beside each other; `names` are those of the sides. */
export function comparisonText(
  { baseline, candidate }: Comparison,
  names: readonly [string, string]
): string {
  const row = (title: string, cell: (side: SideFigures) => string) => [title, cell(baseline), cell(candidate)]
  return table([
    ['', ...names],
    row('requests', side => String(side.requests)),
    row('a second', side => shown(side.qps, digits)),
    row('errors', side => shown(side.errorRate, percent)),
    row('p50', side => shown(side.p50, duration)),
    row('p95', side => shown(side.p95, duration)),
    row('p99', side => shown(side.p99, duration))
  ])
}
