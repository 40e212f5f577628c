// A line of a log to the span of that request, named by the rules' routes as the gateway would name it.
import type { Span } from '../exporters/exporter.ts'
import type { Mediation } from '../mediate/mediate.ts'
import { allAnew } from '../mediate/untouched.ts'
import type { Outcome } from '../report/outcome.ts'
import { bounded } from '../report/redact.ts'
import { spansOf } from '../report/spans.ts'
import { createNames } from '../route/converge.ts'
import type { Rules } from '../rules/rules.ts'
import { type Entry, entryOf } from './entry.ts'
import type { Fields, Taken } from './format.ts'
import { type Place, placeOf } from './place.ts'

/** The span of a line, or why it has none; the reason is low in cardinality. */
export type Told =
  | { readonly span: Span }
  | { readonly skipped: 'not kept' | 'no trace' }
  | { readonly bad: string }

export type LineOptions = {
  readonly take: (line: string) => Taken
  /** Fields by what the log calls them, from --map. */
  readonly map: ReadonlyMap<string, string>
  /** Whose routes name the spans. */
  readonly find: Rules['find']
}

/** Makes the reader of lines. Pure. */
export function createTeller({ take, map, find }: LineOptions): (line: string) => Told {
  // Without a route that says how, paths are named as on one that takes any.
  const nameOf = createNames('/**')
  return line => {
    const taken = take(line)
    if (typeof taken === 'string') return { bad: taken }
    for (const [field, name] of map) {
      const value = taken.get(name)
      if (value !== undefined) taken.set(field, value)
      // Else it would go before what --map says.
      if (value !== undefined && field === 'duration' && !map.has('duration_ms')) taken.delete('duration_ms')
    }
    const entry = entryOf(taken)
    if (typeof entry === 'string') return { bad: entry }
    const place = placeOf(taken, line)
    if (place === undefined) return { skipped: 'no trace' }
    if (place.span.sampling === 'drop') return { skipped: 'not kept' }
    const outcome = outcomeOf(entry, place, taken, find)
    const [span] = spansOf(outcome)
    if (span === undefined) return { skipped: 'not kept' }
    const name = outcome.route === undefined ? `${span.name} ${nameOf(entry.path, entry.status)}` : span.name
    return { span: withUpstream({ ...span, name }, entry) }
  }
}

/** What answered is an attribute: no span of its own, for nobody has told its id to the service behind. */
function withUpstream(span: Span, { upstream }: Entry): Span {
  if (upstream === undefined) return span
  return { ...span, attributes: [...span.attributes, 'tracebridge.log.upstream', bounded(upstream)] }
}

function outcomeOf(entry: Entry, { span, arrival }: Place, fields: Fields, find: Rules['find']): Outcome {
  const host = entry.host.toLowerCase().replace(/:\d{1,5}$/, '')
  const header = (name: string) => fields.get(`header.${name}`)
  const route = find({ host, path: entry.path, method: entry.method, header })
  const mediation: Mediation = {
    arrival,
    restored: false,
    trust: 'continue',
    why: 'log',
    span: { ...span, sampling: 'keep' },
    reports: true,
    links: [],
    baggage: [],
    garbledBaggage: [],
    untouched: allAnew,
    segmentId: ''
  }
  const template = route?.names?.(entry.path, entry.status) ?? route?.template ?? ''
  return {
    ...entry,
    route,
    template,
    mediation,
    attempts: [],
    failure: undefined,
    identity: undefined,
    evidence: undefined
  }
}
