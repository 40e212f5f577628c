// The parts of the report about contenders side by side.

import { loads } from '../loads.ts'
import type { Cost, Numbers } from '../numbers.ts'
import { settings } from '../settings.ts'
import { figure, formatFigure, ratio, table } from './figures.ts'

export function peerTable({ peers }: Numbers): string {
  return table([
    ['peer', 'version', 'settings'],
    ...peers.map(({ name, version, settings, missing }) => [
      name,
      missing === undefined ? version : `did not run: ${missing}`,
      settings
    ])
  ])
}

function ofLoad({ costs }: Numbers, load: string): readonly Cost[] {
  return costs.filter(cost => cost.load === load)
}

/** One table for each load. */
export function costTables(numbers: Numbers): string {
  const names = [...new Set(numbers.costs.map(({ load }) => load))]
  return names.map(load => `### ${load}\n\n${costTable(ofLoad(numbers, load))}`).join('\n\n')
}

function costTable(costs: readonly Cost[]): string {
  const of = (name: string) => costs.find(({ contender }) => contender === name)?.microseconds ?? []
  const [pipe, bare] = [of('bare pipe'), of(settings.bare.name)]
  return table([
    ['proxy', 'CPU µs a request', 'times the pipe', 'times tracebridge, bare', 'requests a second', 'MiB'],
    ...costs.map(({ contender, microseconds, perSecond, mib, failed }) => [
      contender,
      failed ?? formatFigure(figure(microseconds), 1),
      formatFigure(ratio(microseconds, pipe), 2),
      formatFigure(ratio(microseconds, bare), 2),
      formatFigure(figure(perSecond), 0),
      failed === undefined ? mib.toFixed(0) : '–'
    ])
  ])
}

/** What the whole gateway costs beside each peer, under each load; one row for a peer. */
export function ratioTable(numbers: Numbers): string {
  const names = [...new Set(numbers.costs.map(({ load }) => load))].filter(name => name !== loads.four.name)
  const first = names[0] ?? ''
  const peers = ofLoad(numbers, first).filter(({ contender }) => !contender.startsWith('tracebridge'))
  return table([
    ['tracebridge, spans at 30 %, over', ...names],
    ...peers.map(({ contender }) => [
      contender,
      ...names.map(load => {
        const of = (name: string) =>
          ofLoad(numbers, load).find(cost => cost.contender === name)?.microseconds ?? []
        const times = ratio(of(settings.at30.name), of(contender))
        return times === undefined ? '–' : times.median.toFixed(2)
      })
    ])
  ])
}

/** So that nobody passes for cheap who only drops spans. */
export function sentTable({ sent }: Numbers): string {
  return table([
    ['spans of', 'exported', 'rejected', 'dropped'],
    ...sent.map(({ contender, exported, rejected, dropped }) => [
      contender,
      ...[exported, rejected, dropped].map(String)
    ])
  ])
}

export function latencyTable({ latency }: Numbers): string {
  return table([
    ['proxy', 'p50 ms', 'p99 ms', 'failed', 'MiB'],
    ...latency.of.map(({ contender, p50, p99, failed, mib }) => [
      contender,
      formatFigure(figure(p50), 2),
      formatFigure(figure(p99), 2),
      `${failed}`,
      mib.toFixed(0)
    ])
  ])
}
