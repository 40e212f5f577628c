// B3 in several headers, X-B3-*, read as strictly as Brave reads them: one bad part and none of it counts.
import type { Received, Sampling } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { traceIdInWidth } from '../trace/width.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 1024

// https://github.com/openzipkin/b3-propagation#traceid-1, shorter ones padded as Brave pads them
const traceIdPattern = /^[0-9a-f]{2,32}$/
// https://github.com/openzipkin/b3-propagation#spanid-1
const spanIdPattern = /^[0-9a-f]{2,16}$/
// https://github.com/openzipkin/b3-propagation#sampling-state-1; the words are what old tracers send
const keepPattern = /^(?:1|true)$/i
const dropPattern = /^(?:0|false)$/i

const tooLong = malformed('too-long')
const malformedSampled = malformed('malformed-sampled')
const noTraceId = malformed('no-trace-id')
const malformedTraceId = malformed('malformed-trace-id')
const noSpanId = malformed('no-span-id')
const malformedSpanId = malformed('malformed-span-id')
const malformedParentId = malformed('malformed-parent-id')

function overlong(value: string | undefined): boolean {
  return value !== undefined && value.length > maxLength
}

function samplingOf(sampled: string | undefined): Sampling | undefined {
  if (sampled === undefined) return 'defer'
  if (keepPattern.test(sampled)) return 'keep'
  return dropPattern.test(sampled) ? 'drop' : undefined
}

function extract(read: Read): Received {
  const trace = read('x-b3-traceid')
  const span = read('x-b3-spanid')
  const parent = read('x-b3-parentspanid')
  const sampled = read('x-b3-sampled')
  const flags = read('x-b3-flags')
  if (overlong(trace) || overlong(span) || overlong(parent) || overlong(sampled) || overlong(flags)) {
    return tooLong
  }
  // Even a debug flag does not save a Sampled that nobody can read.
  let sampling = samplingOf(sampled)
  if (sampling === undefined) return malformedSampled
  if (flags === '1') sampling = 'debug'

  if (trace === undefined) {
    if (sampling !== 'defer') return { kind: 'decision', sampling, residue: undefined }
    return span === undefined && parent === undefined ? absent : noTraceId
  }
  if (!traceIdPattern.test(trace) || isZero(trace)) return malformedTraceId
  if (span === undefined) return noSpanId
  if (!spanIdPattern.test(span) || isZero(span)) return malformedSpanId
  // An empty parent is not an absent one.
  if (parent !== undefined && (!spanIdPattern.test(parent) || isZero(parent))) return malformedParentId
  return {
    kind: 'context',
    context: {
      traceId: trace.padStart(32, '0'),
      spanId: span.padStart(16, '0'),
      parentId: parent?.padStart(16, '0'),
      sampling,
      bits: trace.length > 16 ? 128 : 64,
      random: false,
      tracestate: '',
      residue: undefined
    },
    discarded: undefined
  }
}

function injectDecision(sampling: Sampling, set: string[]): void {
  // Debug implies keep, and is sent in its stead: https://github.com/openzipkin/b3-propagation#debug-flag
  if (sampling === 'debug') set.push('X-B3-Flags', '1')
  else if (sampling !== 'defer') set.push('X-B3-Sampled', sampling === 'keep' ? '1' : '0')
}

export const b3multi: Dialect = {
  name: 'b3multi',
  rank: 30,
  // In Finagle, before Zipkin was public:
  // https://github.com/twitter/finagle/commit/8939f31862af0abf5d88c79f5a8011ede6513bbe
  born: 2011,
  fields: ['X-B3-TraceId', 'X-B3-SpanId', 'X-B3-ParentSpanId', 'X-B3-Sampled', 'X-B3-Flags'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'defer', debug: 'debug' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'always',
    parentId: true,
    width: true,
    random: false,
    tracestate: false
  },
  segments: false,
  member: undefined,
  extract,
  inject(context, set) {
    set.push('X-B3-TraceId', traceIdInWidth(context), 'X-B3-SpanId', context.spanId)
    if (context.parentId !== undefined) set.push('X-B3-ParentSpanId', context.parentId)
    injectDecision(context.sampling, set)
  },
  injectDecision,
  traceIdText: traceIdInWidth
}
