// Writes metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0 to a scraper that asks for it.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
import type { Family, Sample } from './series.ts'

export type Exposition = { readonly contentType: string; readonly text: string }

/** `accept` is the scraper's Accept field. */
export function expose(families: readonly Family[], accept: string | undefined): Exposition {
  const open = accept?.includes('application/openmetrics-text') === true
  const lines: string[] = []
  for (const family of families) {
    const { name, help, type } = family
    // The family of a counter is named with `_total` in the older format, without it in OpenMetrics.
    const title = type === 'counter' && !open ? `${name}_total` : name
    lines.push(`# HELP ${title} ${escapeHelp(help, open)}`, `# TYPE ${title} ${type}`)
    for (const sample of family.samples()) lines.push(line(name, sample))
  }
  if (open) lines.push('# EOF')
  return {
    contentType: open
      ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
      : 'text/plain; version=0.0.4; charset=utf-8',
    text: `${lines.join('\n')}\n`
  }
}

function line(name: string, { suffix, labels, value }: Sample): string {
  const pairs = labels.map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(',')
  return `${name}${suffix}${pairs === '' ? '' : `{${pairs}}`} ${value}`
}

function escapeLabel(text: string): string {
  return /[\\"\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : text
}

/** Only OpenMetrics escapes quotes here. */
function escapeHelp(text: string, open: boolean): string {
  return open ? escapeLabel(text) : text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}
