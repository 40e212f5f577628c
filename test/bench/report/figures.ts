// Medians, spreads and tables. It measures nothing.

export type Figure = { readonly median: number; readonly least: number; readonly most: number }

/** Of at least one value. */
export function figure(values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
  return { median, least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN }
}

/**
 * How many times the other, round by round: what else the machine did in a round met both. Rounds that one of them has
 * not are left out; undefined when none is left.
 */
export function ratio(of: readonly number[], to: readonly number[]): Figure | undefined {
  const rounds = of.slice(0, to.length).map((value, round) => value / (to[round] ?? Number.NaN))
  const known = rounds.filter(Number.isFinite)
  return known.length === 0 ? undefined : figure(known)
}

/** `38.1 (36.9 to 40.2)`; a dash for nothing. */
export function formatFigure(one: Figure | undefined, digits: number): string {
  if (one === undefined || Number.isNaN(one.median)) return '–'
  const { median, least, most } = one
  return `${median.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`
}

/** A Markdown table, aligned to be read as text too. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const lines = rows.map(row => `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(' | ')} |`)
  lines.splice(1, 0, `| ${widths.map(width => '-'.repeat(width)).join(' | ')} |`)
  return lines.join('\n')
}
