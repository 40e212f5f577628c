// A dry run: what a request's trace headers are understood as, and what each upstream would receive. No server.
import { rehearsed } from '../mediate/decide.ts'
import { attempt, mediate } from '../mediate/mediate.ts'
import type { Strip, Trust } from '../mediate/policy.ts'
import { callOf } from '../proxy/call.ts'
import { createFieldReader, type FieldReader } from '../proxy/fields.ts'
import { isAmbiguous } from '../proxy/front.ts'
import { targetOf } from '../proxy/target.ts'
import type { Route, Rules } from '../rules/rules.ts'
import type { Timed } from '../rules/timed.ts'
import type { Ids } from '../trace/ids.ts'
import { trimOws } from '../trace/ows.ts'
import { destinationOf } from './destination.ts'
import { explain } from './explain.ts'
import { lossesIn } from './lost.ts'
import { decisionOf, receivedOf, type Translation } from './translation.ts'

/** A request that nobody sends. */
export type Question = {
  readonly method: string
  /** With the query, if any. */
  readonly path: string
  readonly host: string | undefined
  /** The caller's address. */
  readonly from: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** A translation, and what a person is told besides. */
export type DryRun = {
  readonly translation: Translation
  /** The route that the request takes; undefined when it takes none, and is answered with 404. */
  readonly route: string | undefined
  /** Why it came to this, in sentences. */
  readonly why: readonly string[]
  /** By upstream: what each emitted dialect loses of this context. */
  readonly losses: ReadonlyMap<string, readonly string[]>
  /** Trace fields of the caller that go on as they came, for nobody else may write them. */
  readonly relayed: readonly string[]
}

/**
 * Asks the rules. Ids of new spans are as random as those of a real request. `timed` is what goes before the rules for
 * a while in a running gateway.
 */
export function translate(
  rules: Rules,
  question: Question,
  ids: Ids,
  timed: Pick<Timed, 'over'> = untimed
): DryRun {
  const reader = createFieldReader()
  const host = question.host === undefined ? [] : ['Host', question.host]
  // As a server hands them over: without the blanks around a value.
  const fields = [...host, ...question.headers.flatMap(([name, value]) => [name, trimOws(value)])]
  reader.load(fields)
  const target = targetOf(question.method, question.path, reader.read)
  const matched = rules.find(target)
  // Without a route, what would be understood is still told, by the first one.
  const route = matched ?? rules.routes[0]
  if (route === undefined) throw new Error('rules without a route')
  const { method, path, from: address } = question
  const verdict = rules.trust({
    address,
    read: reader.read,
    identities: [],
    method,
    target: path,
    now: Date.now
  })
  const { context: trust } = verdict
  const own = steady(ids)
  const { read, each } = reader
  const queryAt = path.indexOf('?')
  const said = {
    ...{ fields, read, each, believed: trust === 'continue' },
    query: queryAt === -1 ? '' : path.slice(queryAt + 1)
  }
  const destination = (one: Route) =>
    destinationOf(one.upstream, { ...said, policy: one.policy.baggage }, embedded)
  const planOf = (one: Route) => {
    // The target that serves a real request by turns is another each time: here it is the first.
    const { tags } = destination(one).target
    return rehearsed(timed.over(one.sampling(target, tags), target, one.name, tags))
  }
  const through = (one: Route) =>
    mediate(read, one.policy, planOf(one), trust, own, each, destination(one).member)
  const mediation = through(route)
  const upstreams: [string, Translation['upstreams'][string]][] = []
  const losses = new Map<string, readonly string[]>()
  for (const [to, one] of waysOf(rules, route)) {
    // Another route may accept, believe and relay other things than the one that the request takes.
    const going = destination(one)
    const call = callOf(rules.service, one, question.method, going.target, 1)
    const mediated = one === route ? mediation : through(one)
    const { span, set } = attempt(mediated, one.policy, planOf(one), ids, call)
    losses.set(to, lossesIn(span, one.policy, mediated))
    upstreams.push([to, { set: pairs([...set, ...going.set]), strip: named(one.policy.strip[trust]) }])
  }
  const translation = {
    received: receivedOf(mediation),
    decision: decisionOf(mediation, trust),
    span: { traceId: mediation.span.traceId, spanId: mediation.span.spanId },
    upstreams: Object.fromEntries(upstreams)
  }
  const why = [
    ...explain(mediation, route.policy, planOf(route), { address, verdict, rules }),
    ...destination(route).why,
    ...(matched !== undefined && isAmbiguous(rules.front, matched, target) ? [ambiguous] : [])
  ]
  return { translation, route: matched?.name, why, losses, relayed: relayedBy(route, trust, read) }
}

const ambiguous =
  'the path could be read as that of another route: a request would be answered 400, unless the route says paths: raw'

function relayedBy({ policy }: Route, trust: Trust, read: FieldReader['read']): readonly string[] {
  if (trust !== 'continue') return []
  return policy.accept.flatMap(({ inject, fields }) =>
    inject === undefined ? fields.filter(field => read(field.toLowerCase()) !== undefined) : []
  )
}

/** The fields that go before those of `set` come. */
function named({ fields, prefixes }: Strip): readonly string[] {
  return [...fields, ...prefixes.map(prefix => `${prefix}*`)]
}

const untimed: Pick<Timed, 'over'> = { over: plan => plan }

/** The embedded upstream, which has no address before the gateway runs. */
const embedded = {
  origin: 'http://echo:80',
  host: 'echo',
  port: 80,
  weight: 1,
  tags: new Map<string, string>(),
  serviceTag: '',
  version: '',
  side: ''
}

/** The same new trace and server span on every way that the request could take. */
function steady(ids: Ids): Ids {
  const traceId = ids.traceId()
  const spanId = ids.spanId()
  return { traceId: () => traceId, spanId: () => spanId }
}

/** Each upstream with the route that leads there: the matched one, else the first. */
function waysOf(rules: Rules, matched: Route): readonly (readonly [upstream: string, route: Route])[] {
  return [...rules.upstreams.values()].flatMap(upstream => {
    const first = rules.routes.find(route => route.upstream === upstream)
    const route = matched.upstream === upstream ? matched : first
    return route === undefined ? [] : [[upstream.name, route] as const]
  })
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = []
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return out
}
