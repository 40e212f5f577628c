// The shape of what rules say of routes and upstreams. Must not know defaults (settle-route.ts, settle-upstream.ts).
import * as v from 'valibot'
import { parseText } from './names.ts'
import { choice, distinct, key, must, named, parsed, table } from './notation.ts'
import { routeCapture } from './shape-capture.ts'
import { paths } from './shape-front.ts'
import { routeLimits } from './shape-limits.ts'
import { match } from './shape-match.ts'
import { routeSampling } from './shape-sampling.ts'
import { splitting, targetMatches } from './shape-split.ts'
import {
  ejection,
  health,
  protocol,
  resend,
  resendMethods,
  retries,
  upstreamLimits,
  upstreamTls
} from './shape-upstream.ts'
import {
  acceptList,
  allowedOrigin,
  baggageDialectList,
  count,
  duration,
  emitList,
  fieldName,
  method,
  text,
  tracestate
} from './shape-values.ts'
import { parseOrigin } from './urls.ts'

export const baggage = table({
  accept: key(
    'Dialects whose baggage is read, in order of precedence; those of accept and w3c when left out.',
    baggageDialectList
  ),
  emit: key('Dialects in which upstreams get baggage; [] keeps it from them.', baggageDialectList),
  allow: key(
    'Keys that pass, in whatever case, or all.',
    v.union([v.literal('all'), distinct(fieldName)], 'expected all or a list of keys')
  ),
  'max-bytes': key(
    'The longest baggage that is handed on in each dialect, in bytes.',
    count(0, 'expected a number of bytes')
  )
})

export const spans = choice(['report', 'none'])
export const conflict = choice(['first', 'richest', 'newest-dialect'])
export const respond = distinct(choice(['server-timing', 'traceresponse']))

const upgrade = distinct(choice(['websocket']))

export const cors = table({
  origins: must('Pages that may call: exact origins, https://*.example.com, or *.', distinct(allowedOrigin)),
  credentials: key('Whether cookies may come along.', v.boolean()),
  mode: key('answer preflights here, or amend what the upstream answers.', choice(['answer', 'amend'])),
  headers: key(
    'Header fields that pages may send besides those of the accepted dialects, or any.',
    v.union([v.literal('any'), distinct(fieldName)], 'expected any or a list of header fields')
  ),
  methods: key(
    'Methods that pages may use, or any.',
    v.union([v.literal('any'), distinct(method)], 'expected any or a list of methods in upper case')
  ),
  expose: key('Fields of the answer that pages may read.', distinct(fieldName)),
  'max-age': key('How long browsers may remember a preflight.', duration)
})

const idleTimeouts = {
  'first-byte': key(
    'From the last byte of the request, until the upstream begins to answer; 0s waits for ever.',
    duration
  ),
  idle: key(
    'Without a byte in either direction, once the answer has begun or while the request comes in; 0s waits for ever.',
    duration
  ),
  'upgrade-idle': key(
    'Without a byte in either direction of an upgraded connection; 0s waits for ever.',
    duration
  )
}

export const upstream = table({
  targets: key(
    'Where the upstream runs.',
    v.pipe(
      v.array(
        table({
          url: must(
            'http:// or https://, host and port.',
            parsed('a URL of scheme, host and port such as http://orders:8080', parseOrigin)
          ),
          weight: key(
            'Its share of requests among the targets; 0 is none.',
            count(0, 'expected a whole number from 0 up')
          ),
          tags: key(
            'What spans and metrics say of this target, such as version.',
            named('text', parseText, text)
          ),
          match: key(
            'Requests that go here whatever the weights say, or a list of such; the most particular match of all targets wins.',
            targetMatches
          )
        })
      ),
      v.minLength(1, 'expected at least one target')
    )
  ),
  ...splitting,
  echo: key('The embedded upstream, which answers with what it received.', v.literal(true, 'expected true')),
  external: key(
    'Somebody else runs it: it gets no baggage and no tracestate of others that is not said here or on a route.',
    v.boolean()
  ),
  emit: key('Dialects that this upstream reads.', emitList),
  'random-flag': key(
    'keep the flag of W3C that tells random trace ids, or mask it for an upstream that drops traceparent with it.',
    choice(['keep', 'mask'])
  ),
  tracestate: key(
    'Keys of the members of tracestate that this upstream gets, or all; ot and those of its dialects when left out of an external one.',
    tracestate
  ),
  baggage: key('Baggage for this upstream.', baggage),
  timeouts: key(
    'How long to wait for this upstream.',
    table({ connect: key('For a connection.', duration), ...idleTimeouts })
  ),
  tls: key('TLS to targets with https://, where the defaults do not do.', upstreamTls),
  protocol: key(
    'h2 for HTTP/2, which gRPC needs: in plain text by prior knowledge, by TLS as ALPN has it.',
    protocol
  ),
  limits: key('How much goes to one target at once.', upstreamLimits),
  ejection: key('Leaves out targets that fail; none for never.', ejection),
  health: key('Asks targets whether they are well; off when left out.', health),
  retries: key(
    'How often a request may be sent again: 0, 1 or 2 times. Only what has certainly had no effect is.',
    retries
  ),
  resend: key(
    'Which requests that were lost before any answer: reused, those on connections that were used before, or any.',
    resend
  ),
  'resend-methods': key(
    'Methods of these, for they may have been acted on: safe (GET, HEAD, OPTIONS), or idempotent (PUT and DELETE as well); never with a body.',
    resendMethods
  )
})

export const route = table({
  name: key('The name in spans and metrics; the path when left out.', text),
  match: must('What a request must be. The most specific route wins.', match),
  upstream: must('The name of an upstream.', v.string()),
  converge: key(
    'On a route that takes any path: spans and metrics name the path, its ids as {id}, a hundred at most. Without a name it is on.',
    v.boolean()
  ),
  paths: key(
    'strict, or raw for an upstream that takes any path: an escaped slash in a name, empty segments, parameters.',
    paths
  ),
  accept: key('Dialects that are read, in order of precedence.', acceptList),
  emit: key('Dialects that the upstream gets.', emitList),
  sampling: key('Which traces of this route are kept.', routeSampling),
  capture: key(
    'What is kept of failed and slow requests of this route, for `tracebridge replay`; false for nothing.',
    routeCapture
  ),
  cors: key('Which pages may call this route.', cors),
  tracestate: key('Keys of the members of tracestate that the upstream gets, or all.', tracestate),
  baggage: key('Baggage on this route.', baggage),
  upgrade: key(
    'What callers may speak on this route instead of HTTP, if the upstream agrees: websocket.',
    upgrade
  ),
  limits: key('How much a request may bring.', routeLimits),
  retries: key('How often a request may be sent again: 0, 1 or 2 times.', retries),
  timeouts: key(
    'How long to wait for the upstream, and for the caller.',
    table({
      ...idleTimeouts,
      request: key(
        'From the header of a request to the end of its body; 0s waits for ever. That of the listener when left out.',
        duration
      )
    })
  ),
  spans: key('report spans of this route, or none: a transparent hop.', spans),
  conflict: key('Whom to follow where dialects name different traces.', conflict),
  rpc: key(
    'The gateway as a hop of its own in the path ids of EagleEye and SOFATracer, or transparent there.',
    choice(['hop', 'transparent'])
  ),
  restore: key(
    'Behind a foreign hop that overwrote it, the context from before: store before that hop, take behind it; true is both.',
    v.union([v.boolean(), v.picklist(['store', 'take'])], 'expected true, false, store or take')
  ),
  respond: key('What answers tell of the trace.', respond)
})
