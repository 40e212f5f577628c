// What the keys of a rule file owe each other: names that exist, matches that differ, choices that exclude.
// Works on the tree, so it has its say even where something else is wrong.
import { accepted, acceptedNames, dialectNames, dialects } from '../dialects/find.ts'
import { parseHost, parseTemplate } from '../route/pattern.ts'
import type { Adapters } from './adapters.ts'
import type { Complaint } from './complaint.ts'
import { complain, formatPlace, suggestion } from './complaint.ts'
import { checkSampling } from './consistent-sampling.ts'
import { checkSplits } from './consistent-split.ts'
import { child, entriesOf, itemsOf, type Located, type Place, textOf } from './located.ts'
import { oneOfText } from './notation.ts'

/** Everything that is wrong between keys, in no order. */
export function checkConsistency(root: Located, adapters: Adapters): readonly Complaint[] {
  const named = entriesOf(child(root, 'upstreams'))
  const upstreams = [...named.values()].map(({ value }) => value)
  const routes = itemsOf(child(root, 'routes'))
  const brought = [...entriesOf(child(root, 'dialects')).keys()]
  return [
    ...upstreams.flatMap(checkUpstream),
    ...checkSplits(root, upstreams),
    ...checkReferences(routes, [...named.keys()]),
    ...checkMatches(routes),
    ...checkNames(routes),
    ...checkSampling(root, routes),
    ...checkConverge(routes),
    ...checkUpgrades(routes, named),
    ...[root, ...routes].flatMap(each => checkCors(child(each, 'cors'))),
    ...[root, ...upstreams, ...routes].flatMap(each => checkDialects(each, brought)),
    ...[root, ...upstreams, ...routes].flatMap(each => checkEmit(child(each, 'emit'), adapters)),
    ...itemsOf(child(root, 'trust')).flatMap(each => checkSecret(child(each, 'secret'), adapters))
  ]
}

/** Dialects are those of the registry, and those that the rules bring along. */
function checkDialects(node: Located, brought: readonly string[]): readonly Complaint[] {
  const unknown = (key: string, known: readonly string[]) =>
    itemsOf(child(node, key)).flatMap(item => {
      const name = textOf(item)
      if (name === undefined || known.includes(name)) return []
      const why = accepted.has(name)
        ? `; ${name} is only read, and goes on as it came`
        : suggestion(name, known)
      return [complain(item.place, `expected ${oneOfText(known)}${why}`)]
    })
  return [
    ...unknown('accept', [...acceptedNames, ...brought]),
    ...unknown('emit', [...dialectNames, ...brought])
  ]
}

/** Two dialects that write the same field with different meanings: whoever reads it would get both, joined. */
function checkEmit(emit: Located | undefined, adapters: Adapters): readonly Complaint[] {
  const seen = new Map<string, string>()
  return itemsOf(emit).flatMap(node => {
    const name = textOf(node) ?? ''
    const dialect = dialects.get(name) ?? adapters.get(name)
    if (dialect === undefined) return []
    const fields = dialect.fields.map(field => field.toLowerCase())
    const shared = fields.find(field => seen.has(field))
    const other = shared === undefined ? undefined : seen.get(shared)
    for (const field of fields) seen.set(field, dialect.name)
    if (other === undefined || other === dialect.name) return []
    return [
      complain(
        node.place,
        `expected ${other} or ${dialect.name}, not both: they write the same header fields`
      )
    ]
  })
}

/** The field of a secret is taken out before anybody reads it: a dialect there would never be heard. */
function checkSecret(secret: Located | undefined, adapters: Adapters): readonly Complaint[] {
  const header = child(secret, 'header')
  const name = textOf(header)?.toLowerCase()
  if (header === undefined || name === undefined) return []
  const owner = [...adapters.values()].find(({ fields }) => fields.some(each => each.toLowerCase() === name))
  if (owner === undefined) return []
  return [complain(header.place, `expected a header field that is not of dialect ${owner.name}`)]
}

function checkUpstream(upstream: Located): readonly Complaint[] {
  if (upstream.kind !== 'map') return []
  const targets = child(upstream, 'targets')
  if ((targets === undefined) === (child(upstream, 'echo') === undefined)) {
    return [complain(upstream.place, 'expected exactly one of targets and echo')]
  }
  const weights = itemsOf(targets).map(target => child(target, 'weight'))
  const none =
    weights.length > 0 && weights.every(each => each?.kind === 'scalar' && Number(each.value) === 0)
  return none && targets !== undefined
    ? [complain(targets.place, 'expected at least one target with a weight above 0')]
    : []
}

function checkReferences(routes: readonly Located[], known: readonly string[]): readonly Complaint[] {
  return routes.flatMap(route => {
    const node = child(route, 'upstream')
    const name = textOf(node)
    if (node === undefined || name === undefined || known.includes(name)) return []
    const expected = known.length === 0 ? 'an upstream to be defined' : `an upstream: ${oneOfText(known)}`
    return [complain(node.place, `expected ${expected}${suggestion(name, known)}`)]
  })
}

function checkMatches(routes: readonly Located[]): readonly Complaint[] {
  const seen = new Map<string, Place>()
  return routes.flatMap(route => {
    const match = child(route, 'match')
    if (match?.kind !== 'map') return []
    // A list of methods is as many matches, each of which must be the only one.
    const earlier = new Set<Place>()
    for (const key of matchKeys(match)) {
      const place = seen.get(key)
      if (place === undefined) seen.set(key, match.place)
      else if (place !== match.place) earlier.add(place)
    }
    return [...earlier].map(place =>
      complain(match.place, `expected another match than ${place.path} at ${formatPlace(place)}`)
    )
  })
}

/** What a match comes to, once for each method: parameter names and letter case make no difference. */
function matchKeys(match: Located): readonly string[] {
  const host = child(match, 'host')
  const path = child(match, 'path')
  const parsedHost = host === undefined ? undefined : parseHost(textOf(host) ?? '')
  const template = parseTemplate(path === undefined ? '/**' : (textOf(path) ?? ''))
  if (parsedHost?.kind === 'refused' || template.kind === 'refused') return []
  const segments = template.segments.map(each =>
    each.kind === 'literal' ? each.text : each.kind === 'param' ? '{}' : '**'
  )
  const headers = [...entriesOf(child(match, 'header'))]
    .map(([name, { value }]) => [name.toLowerCase(), textOf(value) ?? ''])
    .sort()
  const method = child(match, 'method')
  const methods =
    method === undefined ? [''] : method.kind === 'list' ? method.items.map(textOf) : [textOf(method)]
  return methods.map(each => JSON.stringify([parsedHost ?? null, segments, headers, each ?? null]))
}

/** Elsewhere the path is named already. */
function checkConverge(routes: readonly Located[]): readonly Complaint[] {
  return routes.flatMap(route => {
    const node = child(route, 'converge')
    const path = textOf(child(child(route, 'match'), 'path')) ?? '/**'
    if (node?.kind !== 'scalar' || node.value !== true || path.endsWith('/**')) return []
    return [complain(node.place, 'expected converge: true only on a route whose path ends in /**')]
  })
}

/** HTTP/2 upgrades nothing: https://www.rfc-editor.org/rfc/rfc9113#section-8.6 */
function checkUpgrades(
  routes: readonly Located[],
  upstreams: ReturnType<typeof entriesOf>
): readonly Complaint[] {
  return routes.flatMap(route => {
    const [first] = itemsOf(child(route, 'upgrade'))
    const upstream = upstreams.get(textOf(child(route, 'upstream')) ?? '')?.value
    if (first === undefined || textOf(child(upstream, 'protocol')) !== 'h2') return []
    return [complain(first.place, 'expected no upgrade on a route to an upstream of protocol: h2')]
  })
}

function checkNames(routes: readonly Located[]): readonly Complaint[] {
  const seen = new Map<string, Place>()
  return routes.flatMap(route => {
    const node = child(route, 'name')
    const name = textOf(node)
    if (node === undefined || name === undefined) return []
    const earlier = seen.get(name)
    if (earlier === undefined) seen.set(name, node.place)
    return earlier === undefined
      ? []
      : [complain(node.place, `expected another name than ${earlier.path} at ${formatPlace(earlier)}`)]
  })
}

function checkCors(cors: Located | undefined): readonly Complaint[] {
  const credentials = child(cors, 'credentials')
  const star = itemsOf(child(cors, 'origins')).find(each => textOf(each) === '*')
  if (star === undefined || credentials?.kind !== 'scalar' || credentials.value !== true) return []
  // Every page on the web could then act in the name of whoever is logged in.
  return [complain(star.place, 'expected named origins, not *, where credentials are allowed')]
}
