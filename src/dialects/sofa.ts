// SOFATracer: B3's header names with values of its own, or all in sftc_head. Told from B3 by the shape of the span
// id; where that is B3's, this dialect steps aside. Baggage (baggage-*) is no part of it.
import { carryKey, readCarry, writePathCarry } from '../trace/carry.ts'
import {
  absent,
  foreign,
  malformed,
  type Received,
  type Residue,
  type Sampling,
  type TraceContext
} from '../trace/context.ts'
import { isForeignTraceId } from '../trace/foreign-id.ts'
import { rpcSpanId, sofaTraceId } from '../trace/identity.ts'
import { calledRpcId, isRpcId, parentRpcId, rootRpcId } from '../trace/rpc.ts'
import { readSofaHead, type SofaHead } from '../trace/sofa.ts'
import type { Dialect, Member, Read } from './dialect.ts'

const maxLength = 1024

// https://github.com/sofastack/sofa-tracer, TraceIdGenerator: address, milliseconds, sequence, process
const layout = /^[0-9a-f]{8}[0-9]{13}[0-9]{4}[0-9]{1,10}$/
// https://github.com/openzipkin/b3-propagation#spanid-1
const b3SpanIdPattern = /^[0-9a-f]{16}$/
const b3TraceIdLength = 32
const keepPattern = /^(?:1|true)$/i

const notSofa = foreign('not-sofa-dialect')
const tooLong = malformed('too-long')
const badHead = malformed('sftc-head')
const noTraceId = malformed('no-trace-id')
const badTraceId = malformed('trace-id')
const badRpcId = malformed('rpc-id')

function overlong(value: string | undefined): boolean {
  return value !== undefined && value.length > maxLength
}

/** Whether it is SOFATracer that speaks in B3's fields; a digit string as long as B3's span ids is B3's. */
function isSofa(trace: string | undefined, span: string | undefined): boolean {
  if (trace === undefined) return false
  if (span === undefined) return layout.test(trace) && trace.length !== b3TraceIdLength
  return isRpcId(span) && !b3SpanIdPattern.test(span)
}

function extract(read: Read): Received {
  const trace = read('x-b3-traceid')
  const rpc = read('x-b3-spanid')
  const parent = read('x-b3-parentspanid')
  const sampled = read('x-b3-sampled')
  const single = read('sftc_head')
  if (isSofa(trace, rpc)) return received({ trace, rpc, parent, sampled })
  if (single !== undefined) {
    const head = readSofaHead(single)
    return head === undefined ? badHead : received(head)
  }
  const spoken = trace ?? rpc ?? parent ?? sampled
  return spoken === undefined ? absent : notSofa
}

function received({ trace, rpc = rootRpcId, parent, sampled }: SofaHead): Received {
  if (trace === undefined) return noTraceId
  if (!isForeignTraceId('sofa', trace)) return badTraceId
  if (overlong(parent) || overlong(sampled)) return tooLong
  if (!isRpcId(rpc)) return badRpcId
  const named = parent !== undefined && parent !== rpc && isRpcId(parent)
  const parentRpc = named ? parent : parentRpcId(rpc)
  const residue = new Map([
    ['sofa.trace', trace],
    ['sofa.rpc', rpc]
  ])
  if (parentRpc !== undefined) residue.set('sofa.parent', parentRpc)
  return {
    kind: 'context',
    context: {
      traceId: sofaTraceId(trace),
      spanId: rpcSpanId(trace, rpc),
      parentId: parentRpc === undefined ? undefined : rpcSpanId(trace, parentRpc),
      sampling: samplingOf(sampled),
      bits: 128,
      random: false,
      tracestate: '',
      residue
    },
    discarded: undefined
  }
}

// As SOFATracer does: sampled unless it says otherwise, and every word but `true` is otherwise.
function samplingOf(sampled: string | undefined): Sampling {
  return sampled === undefined || keepPattern.test(sampled) ? 'keep' : 'drop'
}

function traceIdText(context: TraceContext): string {
  return context.residue?.get('sofa.trace') ?? context.traceId
}

/** The gateway's place in the path: what it was called by, or where a trace begins. */
function ownRpcId(residue: Residue | undefined): string {
  return residue?.get('sofa.rpc') ?? residue?.get('sofa.ancestor') ?? rootRpcId
}

const member: Member = {
  key: carryKey,
  write({ residue, traceId, spanId }) {
    return writePathCarry('sofa', residue?.get('sofa.trace'), residue?.get('sofa.rpc'), traceId, spanId)
  },
  read(value, context) {
    const carried = readCarry(value, 'sofa', context.traceId, context.spanId)
    if (carried === undefined) return undefined
    const residue = new Map([['sofa.trace', carried.trace]])
    if (carried.rpc === undefined) return residue
    return residue.set(carried.direct ? 'sofa.rpc' : 'sofa.ancestor', carried.rpc)
  }
}

export const sofa: Dialect = {
  name: 'sofa',
  rank: 20,
  // sftc_head is in the first public commit, X-B3-* came in 2.1.2 in the same year:
  // https://github.com/sofastack/sofa-tracer/commit/a17cbfe126be940714924d74353b2e2a588ae714
  born: 2018,
  fields: ['X-B3-TraceId', 'X-B3-SpanId', 'X-B3-ParentSpanId', 'X-B3-Sampled', 'sftc_head'],
  supersedes: ['b3multi'],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'never',
    parentId: false,
    width: false,
    random: false,
    tracestate: false
  },
  segments: false,
  member,
  extract,
  inject(context, set, hop) {
    const { residue, sampling } = context
    const own = ownRpcId(residue)
    const parent = hop.transparent ? residue?.get('sofa.parent') : own
    set.push('X-B3-TraceId', traceIdText(context), 'X-B3-SpanId', calledRpcId(own, hop))
    if (parent !== undefined) set.push('X-B3-ParentSpanId', parent)
    set.push('X-B3-Sampled', sampling === 'keep' || sampling === 'debug' ? 'true' : 'false')
  },
  injectDecision: undefined,
  traceIdText
}
