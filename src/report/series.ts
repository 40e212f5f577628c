// Counters and histograms: exact, bounded in number, cheap to add to. How they are written is in exposition.ts.

/** Names and values; those of one series are one object for as long as it lives. */
export type Labels = readonly (readonly [name: string, value: string])[]

/** A trace that is kept, as an example of what was counted. */
export type Exemplar = {
  readonly traceId: string
  readonly spanId: string
  readonly value: number
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

/** One line of /metrics before it is text: a suffix of the family's name, label values, a value. */
export type Sample = {
  readonly suffix: string
  readonly labels: Labels
  /** The upper bound of a histogram's bucket. */
  readonly le?: string
  readonly value: number
  readonly exemplar?: Exemplar | undefined
}

/** A metric with all its label values. */
export type Family = {
  /** Without the suffix `_total` of a counter. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly samples: () => readonly Sample[]
}

export type Counter = Family & { readonly add: (values: readonly string[], amount?: number) => void }

export type Histogram = Family & {
  /** `example` is a kept trace that this was seen in. */
  readonly observe: (values: readonly string[], value: number, example?: Example) => void
  /** What may go, once, where there is no room for a new set of values. */
  readonly outdate: (gone: (labels: Labels) => boolean) => void
}

export type Example = Pick<Exemplar, 'traceId' | 'spanId' | 'at'>

/** So many sets of label values a metric keeps apart; what comes after counts as `other`. */
const seriesCap = 2_000

type Series<T> = {
  readonly of: (values: readonly string[]) => T
  readonly all: () => Iterable<T>
  readonly outdate: (gone: (labels: Labels) => boolean) => void
}

/** `names` are those of the labels; `make` makes what is kept for one set of values. */
function createSeries<T extends { readonly labels: Labels }>(
  names: readonly string[],
  make: (labels: Labels) => T
): Series<T> {
  const root: Level<T> = { below: new Map(), leaf: undefined }
  let all: T[] = []
  let outdated: ((labels: Labels) => boolean) | undefined
  const overflow = names.map(() => 'other')

  // A level for each label: to join the values of a request into one key costs more than all of the counting.
  function find(values: readonly string[]): Level<T> {
    let level = root
    for (const value of values) {
      let next = level.below.get(value)
      if (next === undefined) {
        next = { below: new Map(), leaf: undefined }
        level.below.set(value, next)
      }
      level = next
    }
    return level
  }

  function leafOf(values: readonly string[]): T {
    const level = find(values)
    if (level.leaf !== undefined) return level.leaf
    level.leaf = make(labelled(names, values))
    all.push(level.leaf)
    return level.leaf
  }

  function known(values: readonly string[]): T | undefined {
    let level: Level<T> | undefined = root
    for (let i = 0; i < values.length && level !== undefined; i++) level = level.below.get(values[i] ?? '')
    return level?.leaf
  }

  /** All that is left is placed anew: there is no way back from a leaf to its values. */
  function sweep(gone: (labels: Labels) => boolean): void {
    outdated = undefined
    all = all.filter(({ labels }) => !gone(labels))
    root.below.clear()
    for (const one of all) {
      const values = new Map(one.labels)
      find(names.map(name => values.get(name) ?? '')).leaf = one
    }
  }

  function beyond(values: readonly string[]): T {
    if (all.length >= seriesCap && outdated !== undefined) sweep(outdated)
    return leafOf(all.length < seriesCap ? values : overflow)
  }

  return {
    of: values => known(values) ?? beyond(values),
    all: () => all,
    outdate: gone => {
      outdated = gone
    }
  }
}

type Level<T> = { readonly below: Map<string, Level<T>>; leaf: T | undefined }

function labelled(names: readonly string[], values: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  names.forEach((name, i) => {
    const value = values[i] ?? ''
    if (value !== '') pairs.push([name, value])
  })
  return pairs
}

/** A counter; `name` is without `_total`. */
export function createCounter(name: string, help: string, labels: readonly string[]): Counter {
  const series = createSeries(labels, of => ({ labels: of, count: 0 }))
  return {
    name,
    help,
    type: 'counter',
    labels,
    add: (values, amount = 1) => {
      series.of(values).count += amount
    },
    samples: () => [...series.all()].map(({ labels, count }) => ({ suffix: '_total', labels, value: count }))
  }
}

/** A histogram with fixed upper bounds, ascending, without `+Inf`. */
export function createHistogram(
  name: string,
  help: string,
  labels: readonly string[],
  bounds: readonly number[]
): Histogram {
  const les = [...bounds.map(String), '+Inf']
  const series = createSeries(labels, of => ({
    labels: of,
    counts: new Float64Array(les.length),
    sum: 0,
    exemplars: new Map<number, Exemplar>()
  }))
  return {
    name,
    help,
    type: 'histogram',
    labels,
    outdate: series.outdate,
    observe: (values, value, example) => {
      const one = series.of(values)
      let i = 0
      while (i < bounds.length && value > (bounds[i] ?? 0)) i++
      one.counts[i] = (one.counts[i] ?? 0) + 1
      one.sum += value
      // The newest stands for its bucket: back ends let old traces go.
      if (example !== undefined) one.exemplars.set(i, { ...example, value })
    },
    samples: () => {
      const samples: Sample[] = []
      for (const { labels, counts, sum, exemplars } of series.all()) {
        let value = 0
        les.forEach((le, i) => {
          value += counts[i] ?? 0
          const exemplar = exemplars.size === 0 ? undefined : exemplars.get(i)
          samples.push(
            exemplar === undefined
              ? { suffix: '_bucket', labels, le, value }
              : { suffix: '_bucket', labels, le, value, exemplar }
          )
        })
        samples.push({ suffix: '_sum', labels, value: sum })
        samples.push({ suffix: '_count', labels, value })
      }
      return samples
    }
  }
}

/** What is kept elsewhere and asked for when it is read: label values and a value for each. */
export type Reading = () => readonly (readonly [values: readonly string[], value: number])[]

/** A gauge, or a counter (`name` without `_total`), that is read where it is kept. */
export function createReading(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  labels: readonly string[],
  read: Reading
): Family {
  const suffix = type === 'counter' ? '_total' : ''
  return {
    name,
    help,
    type,
    labels,
    samples: () => read().map(([of, value]) => ({ suffix, labels: labelled(labels, of), value }))
  }
}
