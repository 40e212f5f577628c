// The parts of the report about what grows, and about starting.

import type { Cost, Curve, Numbers } from '../numbers.ts'
import { figure, formatFigure, table } from './figures.ts'

const cpu = (cost: Cost | undefined) =>
  cost === undefined ? '–' : (cost.failed ?? formatFigure(figure(cost.microseconds), 1))

export function curveText({ name, what, points }: Curve): string {
  const besidePipe = points.some(({ pipe }) => pipe !== undefined)
  const head = [
    name,
    'CPU µs a request',
    'requests a second',
    'MiB',
    ...(besidePipe ? ['bare pipe, CPU µs'] : [])
  ]
  const rows = points.map(({ label, cost, pipe }) => [
    label,
    cpu(cost),
    formatFigure(figure(cost.perSecond), 0),
    cost.mib.toFixed(0),
    ...(besidePipe ? [cpu(pipe)] : [])
  ])
  return `### ${name}\n\n${what[0]?.toUpperCase()}${what.slice(1)}.\n\n${table([head, ...rows])}`
}

export function idleText(idle: Numbers['idle']): string {
  if ('failed' in idle) return `Not measured: ${idle.failed}.`
  const { connections, beforeMiB, mib, restCpu, idleCpu, curve } = idle
  const each = (((mib - beforeMiB) * 1024) / connections).toFixed(1)
  const [without, beside] = curve.points
  return `Each has had one request answered, and is kept: ${each} KiB of it. Resident memory and CPU time are those while
nobody asks; then some ask, beside them. Also by \`node test/bench/idle.ts\`; \`ulimit -n\` has to be larger.

${table([
  ['idle connections', 'MiB', 'CPU, ms in a second', 'CPU µs a request'],
  ['0', beforeMiB.toFixed(0), restCpu.toFixed(1), cpu(without?.cost)],
  [connections.toLocaleString('en'), mib.toFixed(0), idleCpu.toFixed(1), cpu(beside?.cost)]
])}`
}

export function startTable({ starts }: Numbers): string {
  return table([
    ['started as', 'ms to the first answer', 'MiB'],
    ...starts.map(({ name, milliseconds, mib, failed }) => [
      name,
      failed ?? formatFigure(figure(milliseconds), 0),
      failed === undefined ? mib.toFixed(0) : '–'
    ])
  ])
}
