// Reads the text of /metrics as strictly as its two specifications are written: anything else is an error.
// https://prometheus.io/docs/instrumenting/exposition_formats/
// https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md

export type Scraped = {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

export type ScrapedFamily = {
  readonly help: string
  readonly type: string
  readonly samples: readonly Scraped[]
}

const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/s
const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/
const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$/s
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/

const suffixes = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, c: string) => (c === 'n' ? '\n' : c))
}

function labelsOf(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>()
  for (let rest = text; rest !== ''; ) {
    const found = label.exec(rest)
    if (found === null) throw new Error(`labels: ${rest}`)
    const [whole, name = '', value = '', comma] = found
    if (labels.has(name)) throw new Error(`the label ${name} twice`)
    labels.set(name, unescaped(value))
    rest = rest.slice(whole.length)
    if (comma === ',' && rest === '') throw new Error('a comma and no label')
  }
  return labels
}

function kindOf(text: string | undefined): keyof typeof suffixes {
  if (text === 'counter' || text === 'gauge' || text === 'histogram') return text
  throw new Error(`type ${text}`)
}

/** Families by name, without the `_total` of counters in either format. */
export function parseMetrics(text: string, format: 'prometheus' | 'openmetrics'): Map<string, ScrapedFamily> {
  const open = format === 'openmetrics'
  if (!text.endsWith('\n')) throw new Error('no line feed at the end')
  const lines = text.slice(0, -1).split('\n')
  if (open && lines.pop() !== '# EOF') throw new Error('no # EOF')
  const families = new Map<string, ScrapedFamily>()
  const seen = new Set<string>()
  let at = 0
  while (at < lines.length) {
    const [, title = '', words = ''] = help.exec(lines[at++] ?? '') ?? []
    const [, same, kindText] = type.exec(lines[at++] ?? '') ?? []
    if (title === '' || title !== same) throw new Error(`no HELP and TYPE before line ${at}`)
    if (open && /(?:^|[^\\])"/.test(words)) throw new Error(`a bare quote in ${words}`)
    const kind = kindOf(kindText)
    const name = kind === 'counter' && !open ? title.replace(/_total$/, '') : title
    if (kind === 'counter' && (open ? /_total$/.test(title) : !/_total$/.test(title))) {
      throw new Error(`the counter is called ${title}`)
    }
    if (families.has(name)) throw new Error(`the family ${name} twice`)
    const samples: Scraped[] = []
    for (; at < lines.length && !lines[at]?.startsWith('#'); at++) {
      const found = sample.exec(lines[at] ?? '')
      if (found === null) throw new Error(`no sample: ${lines[at]}`)
      const [, full = '', pairs = '', value = ''] = found
      if (!suffixes[kind].some(suffix => full === name + suffix)) throw new Error(`${full} in ${name}`)
      const labels = labelsOf(pairs)
      const series = JSON.stringify([full, [...labels].sort()])
      if (seen.has(series)) throw new Error(`twice: ${series}`)
      seen.add(series)
      samples.push({ name: full, labels, value: Number(value.replace('Inf', 'Infinity')) })
    }
    if (kind === 'histogram') checkHistogram(name, samples)
    families.set(name, { help: unescaped(words), type: kind, samples })
  }
  return families
}

/** Buckets ascend, none is smaller than the one before, and the last is +Inf and the count. */
function checkHistogram(name: string, samples: readonly Scraped[]): void {
  let bound = Number.NEGATIVE_INFINITY
  let below = 0
  for (const { name: full, labels, value } of samples) {
    if (full === `${name}_bucket`) {
      const le = Number(labels.get('le')?.replace('+Inf', 'Infinity'))
      if (!(le > bound) || value < below) throw new Error(`the buckets of ${name}`)
      bound = le
      below = value
    } else if (full === `${name}_count`) {
      if (bound !== Number.POSITIVE_INFINITY || value !== below) throw new Error(`the count of ${name}`)
      bound = Number.NEGATIVE_INFINITY
      below = 0
    }
  }
}

/** The value of the one series with these labels and no others; undefined when there is none. */
export function readingOf(
  family: ScrapedFamily | undefined,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number | undefined {
  const wanted = Object.entries(labels)
  return family?.samples.find(
    one =>
      one.name === name &&
      one.labels.size === wanted.length &&
      wanted.every(([key, value]) => one.labels.get(key) === value)
  )?.value
}
