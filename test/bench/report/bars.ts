// The numbers to meet, each beside what was measured. It measures nothing.

import { loads } from '../loads.ts'
import { threeIn } from '../mediate.ts'
import type { Numbers } from '../numbers.ts'
import { settings } from '../settings.ts'
import { type Figure, figure, formatFigure, ratio } from './figures.ts'

export type Bar = {
  readonly what: string
  /** At most so much, or at least, with its unit. */
  readonly bar: string
  readonly stretch: string
  readonly measured: string
  readonly met: 'yes' | 'stretch' | 'no' | 'unknown'
}

type Wanted = {
  readonly what: string
  readonly unit: string
  readonly bar: number
  readonly stretch?: number
  /** More is better. */
  readonly least?: true
  readonly digits: number
  readonly measured: (numbers: Numbers) => Figure | undefined
}

/** CPU time of a small GET at 30 %, times that of another. */
function over(numbers: Numbers, other: string): Figure | undefined {
  return ratio(small(numbers, settings.at30.name), small(numbers, other))
}

function small({ costs }: Numbers, contender: string): readonly number[] {
  const of = costs.find(cost => cost.contender === contender && cost.load === loads.small.name)
  return of?.microseconds ?? []
}

function some(values: readonly number[] | undefined): Figure | undefined {
  return values === undefined || values.length === 0 ? undefined : figure(values)
}

function startOf({ starts }: Numbers, name: string): Figure | undefined {
  return some(starts.find(one => one.name === name)?.milliseconds)
}

const wanted: readonly Wanted[] = [
  {
    what: 'mediation and spans at 30 %, over the gateway’s own bare setting: the same listener and engine, no mediation',
    ...{ unit: '×', bar: 1.1, stretch: 1.05, digits: 2 },
    measured: numbers => over(numbers, settings.bare.name)
  },
  {
    what: 'the whole gateway at 30 %, over a bare pipe on the same engine that does nothing else',
    ...{ unit: '×', bar: 1.1, stretch: 1.05, digits: 2 },
    measured: numbers => over(numbers, 'bare pipe')
  },
  ...['Caddy', 'http-proxy-3'].map(peer => ({
    what: `the whole gateway at 30 %, over ${peer} doing plain proxying`,
    ...{ unit: '×', bar: 0.6, stretch: 0.5, digits: 2 },
    measured: (numbers: Numbers) => over(numbers, peer)
  })),
  {
    what: 'the whole gateway at 30 %, over nginx doing plain proxying',
    ...{ unit: '×', bar: 2.5, stretch: 1.5, digits: 2 },
    measured: numbers => over(numbers, 'nginx')
  },
  {
    what: `the heart, ${threeIn} in, all three out`,
    ...{ unit: 'µs', bar: 2, stretch: 1, digits: 2 },
    measured: ({ heart }) =>
      some(heart.find(({ name }) => name === threeIn)?.values.map(nanoseconds => nanoseconds / 1000))
  },
  {
    what: 'a span on the event loop, record to bytes of OTLP',
    ...{ unit: 'µs', bar: 3, stretch: 1.5, digits: 2 },
    measured: ({ spans: [otlp] }) =>
      some(otlp?.recordNs.map((record, round) => (record + (otlp.encodeNs[round] ?? Number.NaN)) / 1000))
  },
  {
    what: 'a span on the wire, OTLP protobuf, gzip',
    ...{ unit: 'B', bar: 100, stretch: 70, digits: 0 },
    measured: ({ spans: [otlp] }) => some(otlp === undefined ? [] : [otlp.packedBytes])
  },
  {
    what: 'finding a route among 10,000, over among 10',
    ...{ unit: '×', bar: 1.5, digits: 2 },
    measured: ({ lookup }) => ratio(lookup.at(-1)?.values ?? [], lookup[0]?.values ?? [])
  },
  {
    what: '10,000 idle keep-alive connections, the whole process',
    ...{ unit: 'MB', bar: 150, stretch: 100, digits: 0 },
    measured: ({ idle }) =>
      some('failed' in idle || idle.connections < 10_000 ? [] : [(idle.mib * 2 ** 20) / 1e6])
  },
  {
    what: 'two workers on two cores, by CPU time: twice what a request costs with one, over what it costs with two',
    ...{ unit: '×', bar: 1.8, least: true, digits: 2 },
    measured: ({ curves }) => {
      const [one, two] = curves.find(({ name }) => name === 'workers')?.points ?? []
      return ratio(one?.cost.microseconds.map(cost => 2 * cost) ?? [], two?.cost.microseconds ?? [])
    }
  },
  ...['bin/tracebridge, from dist', 'bin/tracebridge, from src'].map(name => ({
    what: `start to first answered request, ${name}`,
    ...{ unit: 'ms', bar: 300, stretch: 150, digits: 0 },
    measured: (numbers: Numbers) => startOf(numbers, name)
  }))
]

export function barsOf(numbers: Numbers): readonly Bar[] {
  return wanted.map(({ what, unit, bar, stretch, least, digits, measured }) => {
    const found = measured(numbers)
    const keeps = (limit: number | undefined) =>
      found !== undefined && limit !== undefined && (least ? found.median >= limit : found.median <= limit)
    const within = (limit: number | undefined) =>
      limit === undefined ? '' : `${least ? '≥' : '≤'} ${limit} ${unit}`
    // One value has no spread.
    const text = found?.least === found?.most ? found?.median.toFixed(digits) : formatFigure(found, digits)
    return {
      what,
      bar: within(bar),
      stretch: within(stretch),
      measured: found === undefined ? 'not measured' : `${text} ${unit}`,
      met: found === undefined ? 'unknown' : keeps(stretch) ? 'stretch' : keeps(bar) ? 'yes' : 'no'
    }
  })
}
