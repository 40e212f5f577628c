// Writes metrics as text: Prometheus 0.0.4, or OpenMetrics 1.0 to a scraper that asks for it.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
import type { Exemplar, Family, Labels, Sample } from './series.ts'

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
    for (const sample of family.samples()) lines.push(line(name, sample, open))
  }
  if (open) lines.push('# EOF')
  return {
    contentType: open
      ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
      : 'text/plain; version=0.0.4; charset=utf-8',
    text: `${lines.join('\n')}\n`
  }
}

function line(name: string, { suffix, labels, le, value, exemplar }: Sample, open: boolean): string {
  const text = textOf(labels)
  const pairs = le === undefined ? text : text === '' ? `le="${le}"` : `${text},le="${le}"`
  const sample = `${name}${suffix}${pairs === '' ? '' : `{${pairs}}`} ${value}`
  return open && exemplar !== undefined ? `${sample} ${example(exemplar)}` : sample
}

/** Only OpenMetrics knows exemplars; times are in seconds. */
function example({ traceId, spanId, value, at }: Exemplar): string {
  return `# {trace_id="${traceId}",span_id="${spanId}"} ${value} ${at / 1000}`
}

// A series is written many times, once for each bucket and each scrape.
const texts = new WeakMap<Labels, string>()

function textOf(labels: Labels): string {
  const known = texts.get(labels)
  if (known !== undefined) return known
  const text = labels.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(',')
  texts.set(labels, text)
  return text
}

function escapeLabel(text: string): string {
  return /[\\"\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : text
}

/** Only OpenMetrics escapes quotes here. */
function escapeHelp(text: string, open: boolean): string {
  return open ? escapeLabel(text) : text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}
