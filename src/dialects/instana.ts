// Instana, X-INSTANA-T, -S and -L: trace, span and level. Level 0 suppresses, and then no ids count.
// X-INSTANA-SYNTHETIC is about the request, not the trace: it is none of this dialect's fields and goes on as it is.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import { absent, foreign, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { traceIdInWidth } from '../trace/width.ts'
import type { Dialect, Member, Read } from './dialect.ts'

const maxLength = 1024
const ancestorKey = 'instana.ancestor'

// https://www.ibm.com/docs/en/obi/current?topic=monitoring-traces#tracing-headers
const traceIdPattern = /^[0-9a-f]{1,32}$/i
const spanIdPattern = /^[0-9a-f]{1,16}$/i
const suppressPattern = /^0(?:[ \t]*,|$)/
const correlationPattern = /^1[ \t]*,[ \t]*correlation(?:Type|Id)[ \t]*=/i
// https://github.com/instana/nodejs/tree/main/packages/core/src/tracing/w3c_trace_context
const ancestorPattern = /^[0-9a-f]{16}(?:[0-9a-f]{16})?;[0-9a-f]{16}$/

const tooLong = malformed('too-long')
const badLevel = malformed('level')
const incomplete = malformed('incomplete')
const badTraceId = malformed('trace-id')
const badSpanId = malformed('span-id')
/** The ids are those of a web page's own monitoring, and no span is found by them: the trace begins here. */
const correlated = foreign('correlation-restart')

const suppressed: Received = { kind: 'decision', sampling: 'drop', residue: undefined }
const kept: Received = { kind: 'decision', sampling: 'keep', residue: undefined }

function overlong(value: string | undefined): boolean {
  return value !== undefined && value.length > maxLength
}

function extract(read: Read): Received {
  const trace = read('x-instana-t')
  const span = read('x-instana-s')
  const level = read('x-instana-l')
  if (overlong(trace) || overlong(span) || overlong(level)) return tooLong
  if (level !== undefined && level !== '1') {
    if (suppressPattern.test(level)) return suppressed
    return correlationPattern.test(level) ? correlated : badLevel
  }
  if (trace === undefined && span === undefined) return level === undefined ? absent : kept
  if (trace === undefined || span === undefined) return incomplete
  if (!traceIdPattern.test(trace) || isZero(trace)) return badTraceId
  if (!spanIdPattern.test(span) || isZero(span)) return badSpanId
  const context: TraceContext = {
    traceId: trace.toLowerCase().padStart(32, '0'),
    spanId: span.toLowerCase().padStart(16, '0'),
    parentId: undefined,
    sampling: 'keep',
    bits: trace.length > 16 ? 128 : 64,
    random: false,
    tracestate: '',
    residue: undefined
  }
  const residue = ancestor(`${traceIdInWidth(context)};${context.spanId}`)
  return { kind: 'context', context: { ...context, residue }, discarded: undefined }
}

function ancestor(text: string): Residue {
  return new Map([[ancestorKey, text]])
}

/** The last Instana span that a trace went through, for agents behind hops that speak W3C alone. */
const member: Member = {
  key: 'in',
  write: context => context.residue?.get(ancestorKey),
  read: value => (ancestorPattern.test(value) ? ancestor(value) : undefined)
}

function injectDecision(sampling: Sampling, set: string[]): void {
  if (sampling !== 'defer') set.push('X-INSTANA-L', sampling === 'drop' ? '0' : '1')
}

export const instana: Dialect = {
  name: 'instana',
  rank: 130,
  // First seen in 1.10.0 of the sensor for Node.js, September 2016; closed sensors may have sent it before:
  // https://github.com/instana/nodejs/commit/cd85a0c2993496a620d9a999f2e6c1052c93196e
  born: 2016,
  fields: ['X-INSTANA-T', 'X-INSTANA-S', 'X-INSTANA-L'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'keep' },
    dropped: 'decision',
    traceIdBits: 128,
    spanId: 'always',
    parentId: false,
    width: true,
    random: false,
    tracestate: false
  },
  segments: false,
  member,
  extract,
  inject(context, set) {
    if (context.sampling === 'keep' || context.sampling === 'debug') {
      set.push('X-INSTANA-T', traceIdInWidth(context), 'X-INSTANA-S', context.spanId, 'X-INSTANA-L', '1')
    } else set.push('X-INSTANA-L', '0')
  },
  injectDecision,
  traceIdText: traceIdInWidth
}
