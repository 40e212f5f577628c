// All that one process counted, as it is sent, and how several become one. Counters of a worker that is gone stay in the
// sum: they never run backwards.
import type { LatencyReport } from '../report/latency.ts'
import type { Traffic } from '../report/places.ts'
import type { ClientTally, RouteTally } from '../report/propagation-tally.ts'
import type { Family, Sample } from '../report/series.ts'
import type { KeptTrace } from '../report/traces.ts'

export type Rates = readonly (readonly [route: string, tag: string, rate: number])[]

export type Report = {
  readonly families: readonly Counted[]
  readonly routes: readonly RouteTally[]
  readonly clients: readonly ClientTally[]
  readonly rates: Rates
  readonly latency: Pick<LatencyReport, 'beyond' | 'series'>
  readonly traffic: readonly Traffic[]
  readonly traces: readonly KeptTrace[]
  /** Milliseconds that it took to make: who is asked too often does nothing else. */
  readonly took: number
}

/** A metric as one process has it. */
export type Counted = Omit<Family, 'samples'> & { readonly samples: readonly Sample[] }

export function counted(families: readonly Family[]): readonly Counted[] {
  return families.map(({ name, help, type, labels, samples }) => ({
    name,
    help,
    type,
    labels,
    samples: samples()
  }))
}

/** How gauges of several processes become one, where not by their sum. */
const ways: ReadonlyMap<string, 'most' | 'least' | 'mean'> = new Map([
  ['tracebridge_build_info', 'most'],
  ['tracebridge_draining', 'most'],
  ['tracebridge_overload_level', 'most'],
  ['tracebridge_overload_share', 'most'],
  ['tracebridge_exporter_circuit_open', 'most'],
  ['tracebridge_dialect_last_needed_timestamp_seconds', 'most'],
  ['tracebridge_rules_loaded_timestamp_seconds', 'least'],
  ['tracebridge_tls_certificate_expiry_timestamp_seconds', 'least'],
  ['tracebridge_upstream_target_available', 'least'],
  ['process_start_time_seconds', 'least'],
  ['tracebridge_sampling_rate', 'mean'],
  ['tracebridge_span_bytes', 'mean']
] as const)

/** Those of several processes as one, in the order of the first that has them. */
export function merge(reports: readonly (readonly Counted[])[]): readonly Counted[] {
  const byName = new Map<string, Counted[]>()
  for (const report of reports) {
    for (const family of report) {
      const same = byName.get(family.name)
      if (same === undefined) byName.set(family.name, [family])
      else same.push(family)
    }
  }
  return [...byName.values()].flatMap(([family, ...others]) =>
    family === undefined ? [] : [others.length === 0 ? family : mergeOne(family, others)]
  )
}

type Merged = { sample: Sample; value: number; exemplar: Sample['exemplar']; number: number }

function mergeOne(family: Counted, others: readonly Counted[]): Counted {
  const way = family.type === 'gauge' ? (ways.get(family.name) ?? 'sum') : 'sum'
  const merged = new Map<string, Merged>()
  for (const { samples } of [family, ...others]) {
    for (const sample of samples) {
      const { value, exemplar } = sample
      const key = keyOf(sample)
      const known = merged.get(key)
      if (known === undefined) merged.set(key, { sample, value, exemplar, number: 1 })
      else {
        known.number++
        if (way === 'most') known.value = Math.max(known.value, value)
        else if (way === 'least') known.value = Math.min(known.value, value)
        else known.value += value
        if (exemplar !== undefined && exemplar.at > (known.exemplar?.at ?? 0)) known.exemplar = exemplar
      }
    }
  }
  const samples = [...merged.values()].map(({ sample, value, exemplar, number }) => ({
    ...sample,
    value: way === 'mean' ? value / number : value,
    exemplar
  }))
  return { ...family, samples }
}

function keyOf({ suffix, labels, le = '' }: Sample): string {
  return JSON.stringify([suffix, le, labels])
}

/** What is left of a process that is gone, beside what was left of others: what it had counted. */
export function bury(graves: readonly Counted[], gone: readonly Counted[]): readonly Counted[] {
  return merge([graves, gone.filter(({ type }) => type !== 'gauge')])
}

/** By route and tag, the mean of all. */
export function meanRates(reports: readonly Rates[]): Rates {
  const sums = new Map<string, { route: string; tag: string; sum: number; number: number }>()
  for (const [route, tag, rate] of reports.flat()) {
    const key = JSON.stringify([route, tag])
    const known = sums.get(key) ?? { route, tag, sum: 0, number: 0 }
    known.sum += rate
    known.number++
    sums.set(key, known)
  }
  return [...sums.values()].map(({ route, tag, sum, number }) => [route, tag, sum / number])
}
