// A Prometheus as the source of `gate`: what it scraped of http_client_request_duration_seconds. Its buckets are far
// coarser than a sketch, and what is in one is taken to be spread evenly: whoever shows the verdict says so.
import * as v from 'valibot'
import type { Selector } from '../gate/selector.ts'
import type { Series, Sides } from '../gate/snapshot.ts'
import { isServerErrorName } from '../report/grpc.ts'
import { labelOf } from '../rules/names.ts'
import { add, type Bins, emptyBins } from '../sketch/bins.ts'
import { bucketScale } from '../sketch/scale.ts'
import { type Answered, ask } from './ask.ts'
import type { Source, Taken } from './source.ts'

// https://prometheus.io/docs/prometheus/latest/querying/api/#instant-vectors
const vector = v.object({
  status: v.literal('success'),
  warnings: v.optional(v.array(v.string())),
  data: v.object({
    resultType: v.literal('vector'),
    result: v.array(
      v.object({ metric: v.record(v.string(), v.string()), value: v.tuple([v.number(), v.string()]) })
    )
  })
})

const metric = 'http_client_request_duration_seconds'

type Sample = {
  readonly labels: Readonly<Record<string, string>>
  readonly at: number
  readonly value: number
}

/** What a gateway counts that has no room to keep it apart: its labels all say so. */
const overflow = `${metric}_count{route="other",method="other",status="other"}`

/** Of a gateway with workers: those whose counts are missing in what was scraped. */
const silent = 'tracebridge_workers_silent'

export function prometheusSource(url: URL, token: string | undefined, sides: Sides): Source {
  const buckets = [sides.baseline, sides.candidate]
    .map(selector => `${metric}_bucket{${matchers(selector)}}`)
    .concat(overflow)
    .join(' or ')
  const starts = `process_start_time_seconds and on (job, instance) ${metric}_count`
  const query = async (text: string, signal: AbortSignal): Promise<Sample[] | string> => {
    const asked = await ask({ url: new URL('api/v1/query', url), token, signal, form: { query: text } })
    return samplesOf(url, asked)
  }
  const look = async (signal: AbortSignal): Promise<Taken> => {
    const [counted, started, halves] = await Promise.all([
      query(buckets, signal),
      query(starts, signal),
      query(silent, signal)
    ])
    if (typeof counted === 'string') return { unreachable: counted }
    if (typeof started === 'string') return { unreachable: started }
    if (typeof halves === 'string') return { unreachable: halves }
    return snapshotOf(url, counted, { started, halves }, sides)
  }
  return {
    name: 'histograms of a Prometheus',
    take: async signal => {
      const taken = await look(signal)
      // Of a gateway that is new, its first scrape may have come between both questions.
      const doubted = 'snapshots' in taken && taken.snapshots.some(({ doubt }) => doubt !== undefined)
      return doubted ? look(signal) : taken
    }
  }
}

function matchers({ tags }: Selector): string {
  return tags.map(([key, value]) => `${labelOf(key)}=${JSON.stringify(value)}`).join(',')
}

function samplesOf({ host }: URL, asked: Answered): Sample[] | string {
  if ('unreachable' in asked) return asked.unreachable
  const parsed = v.safeParse(vector, asked.answer)
  if (!parsed.success) return `what ${host} answers is no answer of a Prometheus`
  // Of several stores behind it, one did not answer.
  if ((parsed.output.warnings ?? []).length > 0) return `${host} answers with warnings, so maybe only a part`
  return parsed.output.data.result.map(({ metric: labels, value: [at, value] }) => ({
    labels,
    at: at * 1000,
    value: Number(value)
  }))
}

type Group = { readonly labels: Sample['labels']; readonly upTo: Map<number, number> }

/** What is known of the processes behind the counts. */
type Processes = { readonly started: readonly Sample[]; readonly halves: readonly Sample[] }

function snapshotOf(
  url: URL,
  counted: readonly Sample[],
  { started, halves }: Processes,
  sides: Sides
): Taken {
  const who = url.host
  const groups = new Map<string, Group>()
  let beyond = 0
  for (const { labels, value } of counted) {
    const { le, __name__: _, ...own } = labels
    if (le === undefined) {
      beyond += value
      continue
    }
    const key = JSON.stringify(Object.entries(own).sort(([a], [b]) => (a < b ? -1 : 1)))
    const group = groups.get(key) ?? { labels: own, upTo: new Map() }
    groups.set(key, group)
    group.upTo.set(le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value)
  }
  const starts = new Map(started.map(({ labels, value }) => [placeOf(labels), value]))
  const twice = twiceIn(started)
  const half = new Set(halves.flatMap(({ labels, value }) => (value > 0 ? placeOf(labels) : [])))
  const bounds = boundsOf(groups.values())
  const series = new Map<string, Series>()
  let doubt: string | undefined
  for (const [key, { labels, upTo }] of groups) {
    const latency = binsOf(upTo, bounds)
    if (latency === undefined) return { unreachable: `the buckets that ${who} has do not fit together` }
    const place = placeOf(labels)
    const start = starts.get(place)
    if (start === undefined)
      doubt = `restarts cannot be seen: ${who} has no process_start_time_seconds of ${place}`
    if (twice.has(place)) doubt = `${who} has what ${place} counted more than once`
    if (half.has(place)) doubt = `what ${place} tells is incomplete: not all of its workers answer`
    series.set(key, {
      epoch: `${place} ${start}`,
      since: (start ?? 0) * 1000,
      route: labels['route'] ?? '-',
      tags: tagsOf(labels, sides),
      errors: isFailure(labels) ? latency.count : 0,
      latency
    })
  }
  const at = counted[0]?.at ?? Date.now()
  const scale = bucketScale(bounds.filter(Number.isFinite).map(seconds => seconds * 1000))
  return { snapshots: [{ who, epoch: '', at, beyond, lost: 0, doubt, series }], scale }
}

/** Gateways that are scraped by two servers, or in two jobs: no two processes start in the same fraction of a second. */
function twiceIn(started: readonly Sample[]): ReadonlySet<string> {
  const seen = new Set<number>()
  const twice = new Set<string>()
  for (const { labels, value } of started) {
    if (seen.has(value)) twice.add(placeOf(labels))
    seen.add(value)
  }
  return twice
}

/** As src/report/latency.ts has it. */
function isFailure({ status, grpc_status: grpc }: Sample['labels']): boolean {
  return Number(status) >= 500 || isServerErrorName(grpc)
}

/** What Prometheus calls a process. */
function placeOf({ job = '', instance = '' }: Sample['labels']): string {
  return `${job} ${instance}`
}

/** The tags that sides are told apart by, under the names that they have there. */
function tagsOf(labels: Sample['labels'], { baseline, candidate }: Sides): ReadonlyMap<string, string> {
  const keys = [...baseline.tags, ...candidate.tags].map(([key]) => key)
  return new Map(keys.map(key => [key, labels[labelOf(key)] ?? '']))
}

/** Upper bounds, ascending, those that any series has. */
function boundsOf(groups: Iterable<Group>): readonly number[] {
  const bounds = new Set<number>()
  for (const { upTo } of groups) for (const bound of upTo.keys()) bounds.add(bound)
  return [...bounds].sort((a, b) => a - b)
}

/** Cumulative counts to counts; undefined where a bound is missing or they do not ascend. */
function binsOf(upTo: ReadonlyMap<number, number>, bounds: readonly number[]): Bins | undefined {
  const bins = emptyBins()
  let before = 0
  for (const [index, bound] of bounds.entries()) {
    const total = upTo.get(bound)
    if (total === undefined || !Number.isSafeInteger(total) || total < before) return undefined
    if (total > before) add(bins, index, total - before)
    before = total
  }
  return upTo.has(Number.POSITIVE_INFINITY) ? bins : undefined
}
