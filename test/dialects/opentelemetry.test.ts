// OpenTelemetry's own propagators as witness: where they and our dialects part, it is for a reason on the list.

import { isDeepStrictEqual } from 'node:util'
import { ROOT_CONTEXT, type TextMapPropagator, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3'
import { JaegerPropagator } from '@opentelemetry/propagator-jaeger'
import fc from 'fast-check'
import t from 'tap'
import type { Dialect } from '../../src/dialects/dialect.ts'
import { b3, b3multi, jaeger, w3c } from '../../src/dialects/index.ts'
import { hop } from '../call.ts'
import { type Headers, pairsOf, type Reading, readerOf, vectors } from '../vectors/vectors.ts'
import { contexts, edits } from './contexts.ts'
import { type Difference, reading } from './differences.ts'
import { relaying } from './relayed.ts'

/** What both can say of headers; undefined for nothing to continue. */
type Said = {
  readonly traceId?: string
  readonly spanId?: string
  /** Left out when undecided, which they have no word for. */
  readonly sampled?: boolean
  readonly tracestate?: string
}

function ours(dialect: Dialect, headers: Headers): Said | undefined {
  const received = dialect.extract(readerOf(headers))
  if (received.kind === 'decision') return { sampled: received.sampling !== 'drop' }
  if (received.kind !== 'context') return undefined
  const { traceId, spanId, sampling, tracestate } = received.context
  const sampled = sampling === 'keep' || sampling === 'debug'
  return { traceId, spanId, ...(sampling === 'defer' ? {} : { sampled }), tracestate }
}

function extracted(propagator: TextMapPropagator, headers: Headers) {
  const read = readerOf(headers)
  return propagator.extract(ROOT_CONTEXT, headers, {
    keys: () => [],
    get: (_, name) => read(name.toLowerCase())
  })
}

function theirs(propagator: TextMapPropagator, headers: Headers): Said | undefined {
  const found = trace.getSpanContext(extracted(propagator, headers))
  if (found === undefined) return undefined
  const { traceId, spanId, traceFlags, traceState } = found
  return { traceId, spanId, sampled: (traceFlags & 1) === 1, tracestate: traceState?.serialize() ?? '' }
}

/** What each sends on of these headers, in no order. */
function relayedByUs(dialect: Dialect, headers: Headers): ReadonlyMap<string, string> {
  const received = dialect.extract(readerOf(headers))
  const set: string[] = []
  if (received.kind === 'context') dialect.inject(received.context, set, hop)
  return new Map(pairsOf(set).map(([name, value]) => [name.toLowerCase(), value]))
}

function relayedByThem(propagator: TextMapPropagator, headers: Headers): ReadonlyMap<string, string> {
  const sent = new Map<string, string>()
  propagator.inject(extracted(propagator, headers), sent, {
    set: (carrier, name, value) => carrier.set(name.toLowerCase(), value)
  })
  return sent
}

/** What the dialect writes, edited in every field or left alone; nearly right most of the time. */
function wires(dialect: Dialect): fc.Arbitrary<Headers> {
  return fc.tuple(contexts, fc.option(edits, { nil: undefined })).map(([context, edit]) => {
    const set: string[] = []
    dialect.inject(context, set, hop)
    return pairsOf(set).map(([name, value]) => [name, edit === undefined ? value : edit(value)] as const)
  })
}

function compare(
  dialect: Dialect,
  propagator: TextMapPropagator,
  formats: readonly string[],
  known: { readonly reading: readonly Difference[]; readonly relaying: readonly Difference[] }
): void {
  const readAlike = (headers: Headers) =>
    isDeepStrictEqual(ours(dialect, headers), theirs(propagator, headers))
  const relayAlike = (headers: Headers) =>
    isDeepStrictEqual(relayedByUs(dialect, headers), relayedByThem(propagator, headers))

  /** Complains of a difference that nothing on the list explains. */
  function explained(headers: Headers): void {
    const alike = readAlike(headers)
    if (alike && relayAlike(headers)) return
    const list = alike ? known.relaying : known.reading
    if (list.some(difference => difference.when(headers))) return
    const [we, they] = alike
      ? [relayedByUs(dialect, headers), relayedByThem(propagator, headers)]
      : [ours(dialect, headers), theirs(propagator, headers)]
    throw new Error(`${JSON.stringify(headers)}: we ${format(we)}, they ${format(they)}`)
  }

  t.test(`${dialect.name} parts from OpenTelemetry on the vectors only for a known reason`, async t => {
    for (const vector of formats.flatMap(name => vectors<Reading>(name))) {
      t.doesNotThrow(() => explained(vector.headers), vector.name)
    }
  })

  t.test(`${dialect.name} parts from OpenTelemetry on generated wires only for a known reason`, async t => {
    fc.assert(fc.property(wires(dialect), explained), { numRuns: 1000 })
    t.pass('every wire')
  })

  for (const { reason, example, when } of known.reading) {
    t.test(`${dialect.name} still reads otherwise: ${reason}`, async t => {
      t.notOk(readAlike(example), 'the example still differs; if not, the reason can go')
      t.ok(when(example), 'and is what the reason speaks of')
    })
  }
  for (const { reason, example, when } of known.relaying) {
    t.test(`${dialect.name} still sends otherwise: ${reason}`, async t => {
      t.ok(readAlike(example), 'both read it alike')
      t.notOk(relayAlike(example), 'the example still differs; if not, the reason can go')
      t.ok(when(example), 'and is what the reason speaks of')
    })
  }
}

function format(value: Said | ReadonlyMap<string, string> | undefined): string {
  return JSON.stringify(value instanceof Map ? [...value] : (value ?? 'nothing'))
}

const known = (name: keyof typeof reading) => ({ reading: reading[name], relaying: relaying[name] })
const multi = new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })
compare(w3c, new W3CTraceContextPropagator(), ['w3c'], known('w3c'))
compare(b3, new B3Propagator(), ['b3-single'], known('b3'))
compare(b3multi, multi, ['b3-multi'], known('b3multi'))
compare(jaeger, new JaegerPropagator(), ['jaeger'], known('jaeger'))
