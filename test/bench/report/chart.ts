// The chart of the report, from the numbers alone: what a request costs each contender, and how that grows.

import { loads } from '../loads.ts'
import type { Cost, Curve, Numbers } from '../numbers.ts'
import { type Figure, figure } from './figures.ts'
import { bar, curve, type Dot, line, page, text, ticks, tickText } from './svg.ts'

const width = 860
const margin = 24
const names = 220
const row = 24
const panel = { width: 390, height: 210, left: 46, right: 20, top: 34, bottom: 46 }

export function chartText(numbers: Numbers): string {
  const bars = costsOf(numbers)
  const barsHeight = 96 + bars.length * row
  const drawn = 'failed' in numbers.idle ? numbers.curves : [...numbers.curves, numbers.idle.curve]
  const rows = Math.ceil(drawn.length / 2)
  const curves = drawn.flatMap((one, i) =>
    curvePanel(one, margin + (i % 2) * (panel.width + margin), barsHeight + Math.floor(i / 2) * panel.height)
  )
  const height = barsHeight + rows * panel.height + margin
  return page(width, height, 'CPU time per request, and how it grows', [...barPanel(bars), ...curves])
}

type Row = { readonly name: string; readonly figure: Figure }

/** The cheapest first; whoever did not run is not in it. */
function costsOf({ costs }: Numbers): readonly Row[] {
  return costs
    .filter(
      ({ load, failed, microseconds }) =>
        load === loads.small.name && failed === undefined && microseconds.length > 0
    )
    .map(({ contender, microseconds }) => ({ name: contender, figure: figure(microseconds) }))
    .sort((a, b) => a.figure.median - b.figure.median)
}

function inkOf(name: string): 'ours' | 'other' {
  return name.startsWith('tracebridge') ? 'ours' : 'other'
}

function barPanel(rows: readonly Row[]): readonly string[] {
  const parts = [
    text(margin, 30, `CPU µs per request, ${loads.small.name}`, 'title'),
    text(
      margin,
      47,
      'median of interleaved rounds on one core; the thin line is from the least to the most',
      'soft'
    )
  ]
  const marks = ticks(Math.max(0, ...rows.map(one => one.figure.most)), 6)
  const scale = (width - margin - 40 - names) / (marks.at(-1) ?? 1)
  const x = (value: number) => names + value * scale
  const bottom = 62 + rows.length * row
  for (const mark of marks)
    parts.push(
      line(x(mark), 60, x(mark), bottom, 'grid'),
      text(x(mark), bottom + 14, `${mark}`, 'soft', 'middle')
    )
  for (const [i, { name, figure }] of rows.entries()) {
    const y = 66 + i * row
    const middle = y + 8
    parts.push(
      text(names - 8, y + 12, name, 'ink', 'end'),
      bar(x(0), y, figure.median * scale, 16, inkOf(name)),
      line(x(figure.least), middle, x(figure.most), middle, 'ink'),
      text(x(figure.most) + 5, y + 12, figure.median.toFixed(1), 'soft')
    )
  }
  return parts
}

type Series = {
  readonly name: string
  readonly ink: 'ours' | 'other'
  readonly costs: readonly (Cost | undefined)[]
}

/** Steps of one width: what grows does so by factors. */
function curvePanel({ name, points }: Curve, left: number, top: number): readonly string[] {
  const series: Series[] = [{ name: 'tracebridge', ink: 'ours', costs: points.map(({ cost }) => cost) }]
  if (points.some(({ pipe }) => pipe !== undefined))
    series.push({ name: 'bare pipe', ink: 'other', costs: points.map(({ pipe }) => pipe) })
  const medians = series.flatMap(({ costs }) => costs.flatMap(cost => medianOf(cost) ?? []))
  const marks = ticks(Math.max(0, ...medians), 4)
  const [x0, x1] = [left + panel.left, left + panel.width - panel.right]
  const [y0, y1] = [top + panel.height - panel.bottom, top + panel.top]
  const x = (i: number) => x0 + 12 + ((x1 - x0 - 24) * i) / Math.max(1, points.length - 1)
  const y = (value: number) => y0 - ((y0 - y1) * value) / (marks.at(-1) ?? 1)
  const parts = [text(left, top + 20, `CPU µs by ${name}`, 'title')]
  for (const mark of marks)
    parts.push(
      line(x0, y(mark), x1, y(mark), 'grid'),
      text(x0 - 6, y(mark) + 4, tickText(mark), 'soft', 'end')
    )
  for (const [i, { label }] of points.entries()) parts.push(text(x(i), y0 + 16, label, 'soft', 'middle'))
  parts.push(text((x0 + x1) / 2, y0 + 33, name, 'soft', 'middle'))
  for (const [i, { name, ink, costs }] of series.entries()) {
    // Whose line it is, only where there are two.
    if (series.length > 1) parts.push(text(x1 - i * 90, top + 20, name, ink, 'end'))
    const dots = costs.flatMap((cost, at): Dot[] => {
      const median = medianOf(cost)
      return median === undefined ? [] : [[x(at), y(median)]]
    })
    parts.push(curve(dots, ink))
  }
  return parts
}

function medianOf(cost: Cost | undefined): number | undefined {
  return cost === undefined || cost.microseconds.length === 0 ? undefined : figure(cost.microseconds).median
}
