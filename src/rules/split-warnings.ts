// What valid rules for splitting do that their author may not expect. Warnings stop nothing.
import type { Settings, UpstreamSettings } from './settings.ts'
import { sidesOf, textOf } from './sides.ts'

export function splitWarnings({ upstreams, routes, tags }: Settings): readonly string[] {
  const carried = new Set([...upstreams.values()].flatMap(({ carry }) => carry?.header ?? []))
  return [...upstreams.values()].flatMap(upstream => {
    const sides = sidesOf(upstream.targets, tags)
    const own = [
      ...stickySentences(upstream, new Set(sides)),
      ...matchSentences(upstream, sides),
      ...carrySentences(upstream, sides),
      ...openSentences(upstream, carried)
    ]
    const silent = routes.filter(
      route =>
        route.upstream === upstream &&
        upstream.carry?.baggage !== undefined &&
        route.baggage.emit.length === 0
    )
    return [
      ...own.map(sentence => `upstream ${upstream.name}: ${sentence}`),
      ...silent.map(
        ({ name }) => `route ${name}: carry cannot say anything in baggage, for baggage.emit is empty`
      )
    ]
  })
}

function stickySentences({ sticky }: UpstreamSettings, sides: ReadonlySet<string>): readonly string[] {
  if (sticky === undefined || sides.size > 1) return []
  return ['sticky does nothing, for all targets are of one side: their service.tag, or version, is the same']
}

/** Which of two sides has the same match is settled by their order: the later one never gets its requests. */
function matchSentences({ targets }: UpstreamSettings, sides: readonly string[]): readonly string[] {
  const first = new Map<string, number>()
  return targets.flatMap(({ matches }, index) =>
    matches.flatMap(match => {
      const text = textOf(match)
      const earlier = first.get(text)
      if (earlier === undefined) first.set(text, index)
      if (earlier === undefined || sides[earlier] === sides[index]) return []
      return [`the match of targets[${index}] is that of targets[${earlier}], which gets all of its requests`]
    })
  )
}

function carrySentences({ carry }: UpstreamSettings, sides: readonly string[]): readonly string[] {
  if (carry === undefined) return []
  const unfit = sides.filter(side => side !== '' && !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/.test(side))
  return [
    ...(sides.every(side => side === '')
      ? ['carry has nothing to say, for no target has a service.tag']
      : []),
    ...unfit.map(
      side => `carry cannot say ${side}: only letters, digits and signs such as - . _ can be carried`
    )
  ]
}

/** Who may choose a side by a header that gateways tell it in, though the rule has said so. */
function openSentences({ targets }: UpstreamSettings, carried: ReadonlySet<string>): readonly string[] {
  return targets.flatMap(({ matches }, index) =>
    matches.flatMap(({ says, portion, callers }) => {
      const told = [...says.map(([trait]) => trait), ...(portion === undefined ? [] : [portion.key])]
      const open = told.find(({ in: place, name }) => place === 'header' && carried.has(name))
      if (callers !== 'any' || open === undefined) return []
      return [
        `any caller can choose targets[${index}] by the header ${open.name}, in which gateways carry what was chosen`
      ]
    })
  )
}
