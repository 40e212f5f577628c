// The shape of one rule file: its keys, what each may say, and what editors show for it. The JSON Schema is made
// from here. Must not know defaults (settle.ts) nor how keys depend on each other (consistency.ts).
import * as v from 'valibot'
import { choice, key, must, named, parsed, table } from './notation.ts'
import { baggage, cors, match, parentKey, rateKey, respond, route, spans, upstream } from './shape-routes.ts'
import { address, dialectList, duration, fieldValue, text } from './shape-values.ts'
import { parseBearer, parseEndpoint, parseFieldName, parseRange, parseUpstreamName } from './values.ts'

const exporter = v.pipe(
  table({
    otlp: key(
      'OpenTelemetry over HTTP, protobuf.',
      table({
        url: must(
          'Where spans are posted, such as http://otel-collector:4318/v1/traces.',
          parsed(
            'a URL such as http://otel-collector:4318/v1/traces, without user and password',
            parseEndpoint
          )
        ),
        headers: key(
          'Header fields for the back end, such as Authorization.',
          named('the name of a header field', parseFieldName, fieldValue)
        ),
        compression: key('gzip or none.', choice(['gzip', 'none'])),
        timeout: key('Until the back end has answered.', duration)
      })
    ),
    console: key('One line per span on stdout, to try things out.', table({}))
  }),
  v.check(
    value => Object.keys(value).length === 1,
    'expected exactly one exporter in each item: console or otlp'
  )
)

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
    v.pipe(
      v.array(table({ address: must('host:port, or :port.', address) })),
      v.minLength(1, 'expected at least one address')
    )
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
    'Whom to believe, by address; the first match wins, and who matches nothing restarts.',
    v.array(
      table({
        from: must(
          '10.0.0.0/8, a single address, any, loopback or private.',
          parsed('an address range such as 10.0.0.0/8, one address, any, loopback or private', parseRange)
        ),
        context: must(
          'continue its trace, restart it with a link, or ignore what it says.',
          choice(['continue', 'restart', 'ignore'])
        )
      })
    )
  ),
  accept: key('Dialects that are read, in order of precedence.', dialectList),
  emit: key('Dialects that upstreams get which do not say themselves.', dialectList),
  respond: key('What answers tell of the trace, to trusted or CORS-allowed callers.', respond),
  baggage: key('Baggage: what passes, how much, and in which dialects.', baggage),
  spans: key('report spans, or none: a transparent hop that changes the dialect only.', spans),
  sampling: key(
    'Which traces are kept.',
    table({
      rate: rateKey,
      parent: parentKey,
      rules: key(
        'Other rates for some requests; the first match wins, before any route.',
        v.array(
          v.pipe(
            table({
              match: must('What a request must be.', match),
              rate: rateKey,
              parent: parentKey
            }),
            v.check(
              value => value.rate !== undefined || value.parent !== undefined,
              'expected rate or parent beside match'
            )
          )
        )
      )
    })
  ),
  export: key('Where spans go; any number at once.', v.array(exporter)),
  'access-log': key(
    'One line per request.',
    table({
      format: key('json', choice(['json'])),
      to: key('stdout, stderr, none, or the path of a file.', text)
    })
  ),
  cors: key('Which pages of other origins may call.', cors),
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
