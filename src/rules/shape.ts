// The shape of one rule file: its keys, what each may say, and what editors show for it. The JSON Schema is made
// from here. Must not know defaults (settle.ts) nor how keys depend on each other (consistency.ts).
import * as v from 'valibot'
import { acceptedNames } from '../dialects/find.ts'
import { parseBearer } from './field-values.ts'
import { parseDialectName, parseExport, parsePackage, parseUpstreamName } from './names.ts'
import { choice, key, must, named, parsed, table } from './notation.ts'
import { capture } from './shape-capture.ts'
import { exporter } from './shape-export.ts'
import { front } from './shape-front.ts'
import { drain, limits, overload, workers } from './shape-limits.ts'
import { listener } from './shape-listen.ts'
import { baggage, conflict, cors, respond, route, spans, upstream } from './shape-routes.ts'
import { sampling } from './shape-sampling.ts'
import { tagNames } from './shape-split.ts'
import { trustEntry } from './shape-trust.ts'
import { acceptList, address, emitList, plainMap, rate, text } from './shape-values.ts'

const adapter = table({
  package: must(
    'An installed npm package with an OpenTelemetry propagator, such as @opentelemetry/propagator-ot-trace.',
    parsed('the name of an npm package', parsePackage)
  ),
  export: key(
    'Which of its exports, where several are propagators: a class, a factory or an object. A factory is always named.',
    parsed('the name of an export', parseExport)
  ),
  options: key('What that class or factory is given: plain values, as one object.', plainMap)
})

/** One rule file. */
export const shape = table({
  service: key(
    'Who the gateway is in the spans it reports.',
    table({
      name: key('service.name', text),
      version: key('service.version', text),
      instance: key('service.instance.id', text)
    })
  ),
  listen: key(
    'Where requests come in.',
    v.pipe(v.array(listener), v.minLength(1, 'expected at least one address'))
  ),
  workers: key(
    'How many processes serve, or auto for one on each core. 1 is this process itself; more are supervised by it, and share what sampling may keep.',
    workers
  ),
  limits: key('How much of everything, for all listeners together.', limits),
  drain: key('How the gateway ends.', drain),
  overload: key(
    'When there is too much to do: at 85 % of it connections end with their answers, at 92 % no spans are kept, at 95 % requests are answered 503. none for never.',
    overload
  ),
  admin: key(
    'Health, metrics and the rules in force, on a listener of their own.',
    table({
      address: key('host:port; loopback when left out.', address),
      token: key(
        `The bearer token that changing calls must show. Better \${file:…} than the token itself.`,
        parsed('a bearer token: letters, digits and - . _ ~ + /', parseBearer)
      )
    })
  ),
  trust: key(
    'Whom to believe; the first entry of which all holds decides, and who matches none restarts.',
    v.array(trustEntry)
  ),
  dialects: key(
    'Dialects that the rules bring along, by the names that accept and emit call them.',
    named(
      'a name of small letters, digits and -, that no dialect has',
      name => (acceptedNames.includes(name) ? undefined : parseDialectName(name)),
      adapter
    )
  ),
  ...front,
  accept: key('Dialects that are read, in order of precedence.', acceptList),
  emit: key('Dialects that upstreams get which do not say themselves.', emitList),
  conflict: key(
    'Where dialects name different traces: follow the first of accept, the richest, or the newest-dialect.',
    conflict
  ),
  respond: key('What answers tell of the trace, to trusted or CORS-allowed callers.', respond),
  baggage: key('Baggage: what passes, how much, and in which dialects.', baggage),
  spans: key('report spans, or none: a transparent hop that changes the dialect only.', spans),
  sampling: key('Which traces are kept.', sampling),
  capture: key(
    'Keeps failed and slow requests whose spans are kept, for `tracebridge replay`; off when left out.',
    capture
  ),
  export: key('Where spans go; any number at once.', v.array(exporter)),
  'access-log': key(
    'One line per request.',
    table({
      format: key('json', choice(['json'])),
      to: key('stdout, stderr, none, or the path of a file.', text),
      rate: key(
        'The share of requests that have a line; errors, and what sampling.keep kept, have one at any rate.',
        rate
      )
    })
  ),
  cors: key('Which pages of other origins may call.', cors),
  tags: key('What tags of targets are called, for dashboards that have a name for them already.', tagNames),
  upstreams: must(
    'Where requests go, by name.',
    named('a name of letters, digits, . _ or -', parseUpstreamName, upstream)
  ),
  routes: must('Which requests go where. The most specific route wins.', v.array(route))
})

/** A rule file that has this shape, its texts parsed; nothing filled in. */
export type Decoded = v.InferOutput<typeof shape>
export type DecodedRoute = Decoded['routes'][number]
export type DecodedMatch = DecodedRoute['match']
export type DecodedCors = NonNullable<Decoded['cors']>
export type DecodedBaggage = NonNullable<Decoded['baggage']>
export type DecodedTls = NonNullable<NonNullable<Decoded['listen']>[number]['tls']>
export type DecodedTrust = NonNullable<Decoded['trust']>[number]
