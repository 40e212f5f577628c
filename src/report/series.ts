// Counters and histograms: exact, bounded in number, cheap to add to. How they are written is in exposition.ts.

/** One line of /metrics before it is text: a suffix of the family's name, label values, a value. */
export type Sample = {
  readonly suffix: string
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly value: number
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

export type Histogram = Family & { readonly observe: (values: readonly string[], value: number) => void }

/** So many sets of label values a metric keeps apart; what comes after counts as `other`. */
const seriesCap = 2_000

/** Separates label values in a key; no label value holds it. */
const separator = '\u0000'

type Series<T> = {
  readonly of: (values: readonly string[]) => T
  readonly all: () => Iterable<[string[], T]>
}

function createSeries<T>(labels: readonly string[], make: () => T): Series<T> {
  const byKey = new Map<string, T>()
  const overflow = labels.map(() => 'other').join(separator)
  return {
    of: values => {
      const key = values.join(separator)
      const known = byKey.get(key)
      if (known !== undefined) return known
      const at = byKey.size < seriesCap ? key : overflow
      const series = byKey.get(at) ?? make()
      byKey.set(at, series)
      return series
    },
    all: function* () {
      for (const [key, series] of byKey) yield [key.split(separator), series]
    }
  }
}

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
  const series = createSeries(labels, () => ({ count: 0 }))
  return {
    name,
    help,
    type: 'counter',
    labels,
    add: (values, amount = 1) => {
      series.of(values).count += amount
    },
    samples: () =>
      [...series.all()].map(([values, { count }]) => ({
        suffix: '_total',
        labels: labelled(labels, values),
        value: count
      }))
  }
}

/** A histogram with fixed upper bounds, ascending, without `+Inf`. */
export function createHistogram(
  name: string,
  help: string,
  labels: readonly string[],
  bounds: readonly number[]
): Histogram {
  const series = createSeries(labels, () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }))
  return {
    name,
    help,
    type: 'histogram',
    labels,
    observe: (values, value) => {
      const one = series.of(values)
      let i = 0
      while (i < bounds.length && value > (bounds[i] ?? 0)) i++
      one.counts[i] = (one.counts[i] ?? 0) + 1
      one.sum += value
    },
    samples: () => {
      const samples: Sample[] = []
      for (const [values, { counts, sum }] of series.all()) {
        const pairs = labelled(labels, values)
        let cumulative = 0
        counts.forEach((count, i) => {
          cumulative += count
          const le = i < bounds.length ? String(bounds[i]) : '+Inf'
          samples.push({ suffix: '_bucket', labels: [...pairs, ['le', le]], value: cumulative })
        })
        samples.push({ suffix: '_sum', labels: pairs, value: sum })
        samples.push({ suffix: '_count', labels: pairs, value: cumulative })
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
