// The guard: the heart, a span, and what the gateway costs beside the bare pipe, in less than a minute. It fails nothing.
import { measure } from './cost.ts'
import { loads } from './loads.ts'
import { benchHeart } from './mediate.ts'
import { figure, formatFigure, ratio, table } from './report/figures.ts'
import { settings } from './settings.ts'
import { benchSpans } from './span.ts'
import type { Stage } from './stage.ts'

const rounds = { rounds: 7, share: 0.4, budgetMs: 20_000 }

/** Text for people. */
export async function quick(stage: Stage): Promise<string> {
  const heart = benchHeart(3, 30_000)
  const spans = benchSpans(3, 2000)
  const contenders = [
    await stage.pipe(),
    await stage.gateway(settings.bare),
    await stage.gateway(settings.at30)
  ]
  const cells = contenders.map(contender => ({ contender, load: loads.small }))
  const costs = await measure(stage.loader, cells, rounds)
  await stage.clear()
  const [pipe, bare, whole] = costs
  const over = ratio(whole?.microseconds ?? [], pipe?.microseconds ?? [])
  const own = ratio(whole?.microseconds ?? [], bare?.microseconds ?? [])
  return [
    table([
      ['the heart: in, w3c b3 jaeger out', 'ns a call'],
      ...heart.map(({ name, values }) => [name, formatFigure(figure(values), 0)])
    ]),
    table([
      ['a span', 'record, ns', 'encode, ns', 'gzip, bytes'],
      ...spans.map(({ name, recordNs, encodeNs, packedBytes }) => [
        name,
        ...[recordNs, encodeNs].map(values => formatFigure(figure(values), 0)),
        packedBytes.toFixed(0)
      ])
    ]),
    table([
      ['small GET', 'CPU µs a request'],
      ...costs.map(({ contender, microseconds, failed }) => [
        contender,
        failed ?? formatFigure(figure(microseconds), 1)
      ])
    ]),
    `gateway / bare pipe: ${formatFigure(over, 2)}
gateway / its own bare setting: ${formatFigure(own, 2)}`
  ].join('\n\n')
}
