// The few shapes that the chart is drawn with, and its scales. It knows nothing of what is drawn.

/** Colours are classes, so that they can follow the reader's scheme. */
export type Ink = 'ink' | 'soft' | 'grid' | 'ours' | 'other'
export type Anchor = 'start' | 'middle' | 'end'

const style = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  text.title { font-weight: 600; font-size: 13px }
  text.soft { fill: #59636e; font-size: 11px }
  .page { fill: #ffffff } .grid { stroke: #d1d9e0; fill: none }
  .ours { fill: #0969da; stroke: #0969da } .other { fill: #8c959f; stroke: #8c959f } .ink { stroke: #1f2328 }
  .line { fill: none; stroke-width: 2 } text.ours, text.other, text.ink { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } text.soft { fill: #9198a1 }
    .page { fill: #0d1117 } .grid { stroke: #3d444d }
    .ours { fill: #4493f8; stroke: #4493f8 } .other { fill: #848d97; stroke: #848d97 } .ink { stroke: #e6edf3 }
  }`

export function page(width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>${style}
</style>
<rect class="page" width="${width}" height="${height}" rx="6"/>
${parts.join('\n')}
</svg>
`
}

export function text(
  x: number,
  y: number,
  content: string,
  kind: 'title' | Ink,
  anchor: Anchor = 'start'
): string {
  return `<text class="${kind}" x="${at(x)}" y="${at(y)}" text-anchor="${anchor}">${escaped(content)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: Ink): string {
  return `<line class="${kind}" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`
}

export function bar(x: number, y: number, width: number, height: number, kind: Ink): string {
  return `<rect class="${kind}" stroke="none" x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, width))}" height="${at(height)}" rx="2"/>`
}

export type Dot = readonly [x: number, y: number]

/** A line through dots, each of which can be seen. */
export function curve(dots: readonly Dot[], kind: Ink): string {
  const points = dots.map(([x, y]) => `${at(x)},${at(y)}`).join(' ')
  const circles = dots.map(([x, y]) => `<circle class="${kind}" cx="${at(x)}" cy="${at(y)}" r="3"/>`).join('')
  return `<polyline class="${kind} line" points="${points}"/>${circles}`
}

/** From nothing to at least `most`, in so many steps or fewer, each a round number. */
export function ticks(most: number, steps: number): readonly number[] {
  if (!(most > 0) || !Number.isFinite(most)) return [0, 1]
  const rough = most / steps
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find(times => times * power >= rough) ?? 10)
  const count = Math.ceil(most / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

/** Whole where it can be. */
export function tickText(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : `${value}`
}

function at(value: number): string {
  return `${Number(value.toFixed(1))}`
}

function escaped(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
