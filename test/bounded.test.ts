// No header takes long to read, whatever is in it: a pattern that tries many ways to match would stop the gateway for
// everybody. Every reader of a caller's bytes is run here on repetitions, cut off where they would have to match.

import fc from 'fast-check'
import t from 'tap'
import { noFields } from '../src/baggage/baggage.ts'
import { baggageDialects } from '../src/baggage/find.ts'
import { acceptedByRank } from '../src/dialects/find.ts'
import { readAnswer } from '../src/mediate/answer.ts'
import { saidOf } from '../src/proxy/asked.ts'
import { clientOf } from '../src/proxy/client.ts'
import { corsRequest, preflightFields } from '../src/proxy/cors.ts'
import { isEndless } from '../src/proxy/endless.ts'
import { readRequest } from '../src/proxy/h2-request.ts'
import { waits } from '../src/proxy/hints.ts'
import { nominatedBy } from '../src/proxy/hop.ts'
import { outgoing } from '../src/proxy/outgoing.ts'
import { hostOf } from '../src/proxy/target.ts'
import { linksOf, trailersOf, wantsTrailers } from '../src/proxy/trailers.ts'
import { faultOf, plainTarget } from '../src/proxy/validity.ts'
import { isLoop } from '../src/proxy/via.ts'
import { callerOf } from '../src/report/caller.ts'
import { isGrpc } from '../src/report/grpc.ts'
import { redactQuery } from '../src/report/redact.ts'
import { redactBody, redactText } from '../src/report/redact-body.ts'
import { readingsOf } from '../src/route/readings.ts'
import { createOrigins } from '../src/rules/origins.ts'
import { createSecret } from '../src/rules/secret.ts'
import { readCarry } from '../src/trace/carry.ts'
import { skywalkingSpanId, skywalkingTraceId } from '../src/trace/identity.ts'
import { unpackId } from '../src/trace/packing.ts'
import { storedIn } from '../src/trace/stored.ts'
import { hop } from './call.ts'
import { contexts } from './dialects/contexts.ts'
import { effortOf } from './effort.ts'
import { outcomeOf } from './report/outcomes.ts'
import { showing } from './rules/credentials.ts'
import { pairsOf } from './vectors/vectors.ts'

/** What takes steps in proportion to its length takes less than one, even here; all else takes seconds, or never ends. */
const mostMs = 250

const units = [
  ...' \t%;=-,&:."+/a0[',
  'a=;',
  ';k=  ',
  ';k \t',
  ' ; k = v',
  'a=b,',
  'a=b;c,',
  'a= ,',
  'a:b,',
  'a=1&',
  '0.',
  '=\t',
  '\t;',
  '%25',
  '%2',
  'é',
  'é ',
  'YQ==:YQ==,',
  'desc="',
  '\\"',
  '00-',
  '\0'
]
const lengths = [120, 1000, 4000, 32_000]
const ends = ['', '"', 'x', 'é']

/** Repetitions behind what is right so far. */
function* attacks(begin: string): Iterable<string> {
  for (const unit of units) {
    for (const length of lengths) {
      const repeated = unit.repeat(Math.ceil(length / unit.length))
      for (const end of ends) yield `${begin}${repeated}${end}`
    }
  }
}

/** Milliseconds of effort, without what the collector of garbage and the compiler add now and then. */
function timeOf(work: () => unknown): number {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 3 && least > mostMs / 10; tries++) {
    least = Math.min(least, effortOf(work))
  }
  return least
}

/** The slowest attack in milliseconds, and its begin. */
function slowest(begins: readonly string[], read: (text: string) => unknown): [ms: number, text: string] {
  let most: [number, string] = [0, '']
  for (const begin of begins) {
    for (const text of attacks(begin)) {
      const ms = timeOf(() => read(text))
      if (ms > most[0]) most = [ms, text.slice(0, 60)]
    }
  }
  return most
}

const [sample] = fc.sample(contexts, { numRuns: 1, seed: 1 })

for (const dialect of acceptedByRank) {
  t.test(`${dialect.name} reads a long field in short time, in every one of its fields`, async t => {
    const set: string[] = []
    if (sample !== undefined) dialect.inject?.({ ...sample, sampling: 'keep' }, set, hop)
    const right = new Map(pairsOf(set).map(([name, value]) => [name.toLowerCase(), value]))
    for (const name of dialect.fields) {
      const field = name.toLowerCase()
      const [ms, text] = slowest(['', right.get(field) ?? 'a'], value =>
        dialect.extract(asked => (asked === field ? value : right.get(asked)))
      )
      t.ok(ms < mostMs, `${name}: ${ms} ms for ${JSON.stringify(text)}`)
    }
  })
}

for (const dialect of baggageDialects.values()) {
  t.test(`baggage of ${dialect.name} is read in short time, and written by every dialect`, async t => {
    const [ms, text] = slowest(['', 'a=b', 'a='], value => {
      const members = dialect.extract(
        () => value,
        () => ['k', value]
      )
      for (const other of baggageDialects.values()) other.inject(members, [], 8192)
    })
    t.ok(ms < mostMs, `${ms} ms for ${JSON.stringify(text)}`)
  })
}

t.test('so is all else that a caller or an upstream writes', async t => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const spanId = '00f067aa0ba902b7'
  const cors = {
    mode: 'answer',
    allows: createOrigins(['https://*.example.com']),
    methods: 'any',
    headers: 'any',
    expose: [],
    credentials: false,
    maxAgeSeconds: 0,
    dialectFields: ['traceparent']
  } as const
  const caller = {
    address: '127.0.0.1',
    port: 1,
    scheme: 'http',
    host: 'a',
    httpVersion: '1.1',
    believed: true,
    withheld: undefined,
    underscores: 'drop',
    pseudonym: 'tracebridge'
  } as const
  const saying = (text: string) => ({
    ...{ fields: ['Cookie', text], query: text, believed: true, policy: { accept: [] } },
    ...{ read: () => undefined, each: noFields }
  })
  const hmac = createSecret({ kind: 'hmac', header: 'x', secret: 's' })
  const outcome = outcomeOf({}, { headers: [] })
  const readers: Readonly<Record<string, (text: string) => unknown>> = {
    callers: text => {
      const { mediation } = outcome
      if (mediation === undefined) throw new Error('it is in no trace')
      const baggage = ['baggage', `${text},service${text}`]
      callerOf({ ...outcome, userAgent: text, mediation: { ...mediation, baggage } })
    },
    answers: text => readAnswer({ traceresponse: text, 'server-timing': text }),
    timings: text => readAnswer({ 'server-timing': `trace;desc=${text}` }),
    preflights: text => {
      const request = corsRequest(cors, 'OPTIONS', () => text)
      if (request !== undefined) preflightFields(cors, { ...request, allowed: true }, () => text)
    },
    cookies: text => saidOf({ in: 'cookie', name: 'a' }, saying(text)),
    parameters: text => saidOf({ in: 'query', name: 'no' }, saying(text)),
    origins: text => cors.allows(`https://${text}.example.com`),
    signatures: text => hmac(showing('127.0.0.1', ['x', text])),
    connection: text => nominatedBy(['Connection', text]),
    header: text => outgoing([text, text], { fields: new Set(), prefixes: ['baggage-'] }, [], caller),
    host: hostOf,
    paths: text => readingsOf(`/${text}`),
    via: text => isLoop(text, 'tracebridge'),
    'forwarded for': text => clientOf(text, () => true, '127.0.0.1'),
    requests: text =>
      faultOf({ method: 'OPTIONS', url: text, httpVersion: '1.1', rawHeaders: ['Host', text] }),
    targets: text => plainTarget('GET', `http://${text}`, text),
    trailers: text => [trailersOf([text, text]), linksOf(['link', text]), wantsTrailers(['te', text])],
    types: text => [isEndless(text), isGrpc(text), waits('1.1', text)],
    streams: text => readRequest([':authority', text, 'cookie', text, 'cookie', text]),
    query: redactQuery,
    captured: redactText,
    'captured multipart': text => redactBody(text, 'multipart/form-data'),
    carries: text => readCarry(`f:s;t:${text}`, 'sw8', traceId, spanId),
    stored: text => storedIn(`tb=c:${text}`),
    // A member of tracestate has no room for more.
    'packed ids': text => ['j', 'r', 'u', 'x'].map(how => unpackId(how + text.slice(0, 256))),
    ids: text => [skywalkingTraceId(text), skywalkingSpanId(text, 0)]
  }
  for (const [name, read] of Object.entries(readers)) {
    const [ms, text] = slowest(['', 'a', `${traceId}.1`], read)
    t.ok(ms < mostMs, `${name}: ${ms} ms for ${JSON.stringify(text)}`)
  }
})
