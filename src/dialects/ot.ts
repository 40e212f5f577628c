// OpenTracing's basic tracers, ot-tracer-*: ids of 64 bits. Baggage (ot-baggage-*) is no part of it.
import type { Received, Sampling, TraceContext } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 1024

// https://github.com/opentracing/basictracer-go/blob/master/propagation_ot.go prints without leading zeros;
// https://github.com/open-telemetry/opentelemetry-js-contrib/tree/main/packages/propagator-ot-trace takes 32 digits.
const traceIdPattern = /^[0-9a-f]{1,32}$/i
const spanIdPattern = /^[0-9a-f]{1,16}$/i

const tooLong = malformed('too-long')
const badTraceId = malformed('trace-id')
const badSpanId = malformed('span-id')
const badSampled = malformed('sampled')

/** Kong sends digits where the tracers send words. */
const wishes: ReadonlyMap<string, Sampling> = new Map([
  ['true', 'keep'],
  ['false', 'drop'],
  ['1', 'keep'],
  ['0', 'drop']
])

function overlong(value: string | undefined): boolean {
  return value !== undefined && value.length > maxLength
}

function extract(read: Read): Received {
  const trace = read('ot-tracer-traceid')
  const span = read('ot-tracer-spanid')
  const sampled = read('ot-tracer-sampled')
  if (overlong(trace) || overlong(span) || overlong(sampled)) return tooLong
  const sampling = sampled === undefined ? 'defer' : wishes.get(sampled.toLowerCase())
  if (trace === undefined) {
    if (span !== undefined) return badTraceId
    if (sampled === undefined) return absent
    return sampling === undefined ? badSampled : { kind: 'decision', sampling, residue: undefined }
  }
  if (!traceIdPattern.test(trace) || isZero(trace)) return badTraceId
  if (span === undefined || !spanIdPattern.test(span) || isZero(span)) return badSpanId
  return {
    kind: 'context',
    context: {
      traceId: trace.toLowerCase().padStart(32, '0'),
      spanId: span.toLowerCase().padStart(16, '0'),
      parentId: undefined,
      sampling: sampling ?? 'defer',
      bits: trace.length > 16 ? 128 : 64,
      random: false,
      tracestate: '',
      residue: undefined
    },
    // The ids are sound: to lose the trace for the sake of a word would be worse than to decide.
    discarded: sampling === undefined ? 'sampled' : undefined
  }
}

function lowHalf({ traceId }: TraceContext): string {
  return traceId.slice(16)
}

export const ot: Dialect = {
  name: 'ot',
  rank: 100,
  // https://github.com/opentracing/basictracer-go/commit/29cfc9c3903b57cca6603f5a97b947727ad7b0f0
  born: 2016,
  fields: ['ot-tracer-traceid', 'ot-tracer-spanid', 'ot-tracer-sampled'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'defer', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 64,
    spanId: 'always',
    parentId: false,
    width: true,
    random: false,
    tracestate: false
  },
  segments: false,
  member: undefined,
  extract,
  inject(context, set) {
    const traceId = lowHalf(context)
    // Half an id that is all zeros names no trace.
    if (isZero(traceId)) return
    set.push('ot-tracer-traceid', traceId, 'ot-tracer-spanid', context.spanId)
    if (context.sampling !== 'defer') {
      set.push('ot-tracer-sampled', context.sampling === 'drop' ? 'false' : 'true')
    }
  },
  // A tracer of this kind that finds no ids reads nothing at all.
  injectDecision: undefined,
  traceIdText: lowHalf
}
