// Sampling rules that never match, or leave traces in pieces.
import type { Settings } from './settings.ts'

export function samplingWarnings({
  sampling,
  samplingRules,
  routes,
  upstreams
}: Settings): readonly string[] {
  const ignoring = [
    ...(sampling.parent === 'ignore' ? ['sampling'] : []),
    ...samplingRules.flatMap(({ parent }, index) =>
      parent === 'ignore' ? [`sampling.rules[${index}]`] : []
    ),
    ...routes.flatMap(({ sampling: { parent }, name }) => (parent === 'ignore' ? [`route ${name}`] : []))
  ]
  const open = samplingRules.findIndex(
    ({ match: { host, path, methods, headers }, where }) =>
      [host, methods, headers, where.routes, where.tags].every(part => part === undefined) &&
      (path ?? '/**') === '/**'
  )
  const after = open === -1 ? 0 : samplingRules.length - open - 1
  const targets = [...upstreams.values()].flatMap(upstream => upstream.targets)
  const missing = samplingRules.flatMap(({ where: { tags } }, index) => {
    const wanted = [...(tags ?? [])]
    const served = targets.some(target => wanted.every(([tag, text]) => target.tags.get(tag) === text))
    return tags === undefined || served ? [] : [index]
  })
  return [
    ...missing.map(index => `sampling.rules[${index}]: no target has the tags that it asks for`),
    ...(ignoring.length > 0
      ? [
          `${ignoring.slice(0, 3).join(', ')}: parent: ignore decides again for every trace: callers may keep a trace of which this part is missing`
        ]
      : []),
    ...(after > 0
      ? [
          `sampling.rules: ${after} after rule ${open + 1} can never match, for it takes every request; the first match wins`
        ]
      : [])
  ]
}
