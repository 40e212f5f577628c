// Jaeger's own wire, uber-trace-id: {trace}:{span}:{parent}:{flags}, and jaeger-debug-id that forces a trace.
// Baggage (uberctx-*, jaeger-baggage) is no part of it.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { strictDecode } from '../trace/percent.ts'
import { traceIdInWidth } from '../trace/width.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 256

// https://github.com/jaegertracing/documentation/blob/236bb7eee931039a0f30c6722e8fba293adf772b/content/docs/v1/1.52/client-libraries.md#propagation-format
const shape = /^[0-9a-f]{1,32}:[0-9a-f]{1,16}:[0-9a-f]{1,16}:[0-9a-f]{1,2}$/
const traceIdPattern = /^[0-9a-f]{1,32}$/i
const spanIdPattern = /^[0-9a-f]{1,16}$/i
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text; Jaeger gives it no form of its own, the
// length is ours.
const debugIdPattern = /^[\x20-\x7e]{1,128}$/

const keepBit = 1
const debugBit = 2
const firehoseBit = 8

const tooLong = malformed('too-long')
const fieldCount = malformed('field-count')
const badTraceId = malformed('trace-id')
const badSpanId = malformed('span-id')
const badParentId = malformed('parent-id')
const badFlags = malformed('flags')
const badDebugId = malformed('debug-id')

const debugKey = 'jaeger-debug-id'
const firehose: Residue = new Map([['jaeger', 'firehose']])

/** In lower case, which hardly anybody has to be brought to. */
function inShape(value: string): string | undefined {
  if (shape.test(value)) return value
  const lower = value.toLowerCase()
  return shape.test(lower) ? lower : undefined
}

function whyNot(value: string): Received {
  const parts = value.split(':', 5)
  if (parts.length !== 4) return fieldCount
  const [trace = '', span = '', parent = ''] = parts
  if (!traceIdPattern.test(trace)) return badTraceId
  if (!spanIdPattern.test(span)) return badSpanId
  return spanIdPattern.test(parent) ? badFlags : badParentId
}

// Debug needs both bits: OpenTelemetry's propagator leaks W3C's random flag into the second one.
function samplingOf(flags: number): Sampling {
  if ((flags & keepBit) === 0) return 'drop'
  return (flags & debugBit) === 0 ? 'keep' : 'debug'
}

function residueOf(flags: number, debugId: string | undefined): Residue | undefined {
  const relay = (flags & firehoseBit) !== 0
  if (debugId === undefined || !debugIdPattern.test(debugId)) return relay ? firehose : undefined
  return new Map(relay ? [...firehose, [debugKey, debugId]] : [[debugKey, debugId]])
}

function extract(read: Read): Received {
  const raw = read('uber-trace-id')
  const debugId = read(debugKey)
  // Empty is as good as absent here, but alone it is worth a complaint.
  if (raw === undefined || (raw === '' && debugId !== undefined)) {
    if (debugId === undefined || debugId === '') return absent
    const residue = residueOf(0, debugId)
    return residue === undefined ? badDebugId : { kind: 'decision', sampling: 'debug', residue }
  }
  if (raw.length > maxLength) return tooLong
  const decoded = raw.includes('%') ? (strictDecode(raw) ?? raw) : raw
  const value = inShape(decoded)
  if (value === undefined) return whyNot(decoded)
  const first = value.indexOf(':')
  const second = value.indexOf(':', first + 1)
  const third = value.indexOf(':', second + 1)
  const trace = value.slice(0, first)
  const span = value.slice(first + 1, second)
  const parent = value.slice(second + 1, third)
  if (isZero(trace)) return badTraceId
  if (isZero(span)) return badSpanId
  // Hex, as documented and as Node's client reads it; Go's reads decimal, so only one digit is ever sent.
  const flags = Number.parseInt(value.slice(third + 1), 16)
  return {
    kind: 'context',
    context: {
      traceId: trace.padStart(32, '0'),
      spanId: span.padStart(16, '0'),
      parentId: isZero(parent) ? undefined : parent.padStart(16, '0'),
      sampling: samplingOf(flags),
      bits: trace.length > 16 ? 128 : 64,
      random: false,
      tracestate: '',
      residue: residueOf(flags, debugId)
    },
    discarded: undefined
  }
}

function flagsOf(context: TraceContext): string {
  if (context.sampling === 'debug') return '3'
  if (context.sampling !== 'keep') return '0'
  return context.residue?.get('jaeger') === 'firehose' ? '9' : '1'
}

export const jaeger: Dialect = {
  name: 'jaeger',
  rank: 40,
  // The first public commit of the client for Go, May 2016:
  // https://github.com/jaegertracing/jaeger-client-go/commit/e1f1c0cff5cd11f648509c878127b8d63fa3c0c9
  born: 2016,
  fields: ['uber-trace-id', debugKey],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'debug' },
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
    const parent = context.parentId ?? '0'
    set.push('uber-trace-id', `${traceIdInWidth(context)}:${context.spanId}:${parent}:${flagsOf(context)}`)
    const debugId = context.residue?.get(debugKey)
    if (debugId !== undefined) set.push(debugKey, debugId)
  },
  injectDecision: undefined,
  traceIdText: traceIdInWidth
}
