// EagleEye, Alibaba's own tracing: a trace id, and the path of a call in place of span ids. There is no public
// specification. EagleEye-UserData is baggage: it is only stripped here.
import { carryKey, readCarry, writePathCarry } from '../trace/carry.ts'
import {
  absent,
  malformed,
  type Received,
  type Residue,
  type Sampling,
  type TraceContext
} from '../trace/context.ts'
import { isForeignTraceId } from '../trace/foreign-id.ts'
import type { Hop } from '../trace/hop.ts'
import { eagleeyeTraceId, longSpanId, rpcSpanId, spanIdLong } from '../trace/identity.ts'
import { calledRpcId, isRpcId, rootRpcId } from '../trace/rpc.ts'
import type { Dialect, Member, Read } from './dialect.ts'

const maxLength = 1024
/** What a caller without a parent says. */
const noParent = '-1'

// https://www.rfc-editor.org/rfc/rfc9110#section-5.5, without obs-text
const namePattern = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/

const empty = malformed('empty')
const tooLong = malformed('too-long')
const badTraceId = malformed('trace-id')
const badRpcId = malformed('rpc-id')

const samplings: ReadonlyMap<string, Sampling> = new Map([
  ['s1', 'keep'],
  ['1', 'keep'],
  ['s0', 'drop'],
  ['0', 'drop']
])

function extract(read: Read): Received {
  const trace = read('eagleeye-traceid')
  if (trace === undefined) return absent
  if (trace === '') return empty
  if (!isForeignTraceId('eagleeye', trace)) return badTraceId
  const rpc = read('eagleeye-rpcid') || rootRpcId
  const spanText = read('eagleeye-spanid') ?? ''
  const parentText = read('eagleeye-pspanid') ?? ''
  const sampled = read('eagleeye-sampled') ?? ''
  if (Math.max(rpc.length, spanText.length, parentText.length, sampled.length) > maxLength) return tooLong
  if (!isRpcId(rpc)) return badRpcId
  const span = longSpanId(spanText)
  const parent = parentText === noParent ? undefined : longSpanId(parentText)

  const residue = new Map([
    ['eagleeye.trace', trace],
    ['eagleeye.rpc', rpc]
  ])
  if (span !== undefined) residue.set('eagleeye.span', spanText)
  if (parent !== undefined) residue.set('eagleeye.parent', parentText)
  keep(residue, 'eagleeye.app', read('eagleeye-pappname'))
  keep(residue, 'eagleeye.caller', read('eagleeye-prpc'))
  return {
    kind: 'context',
    context: {
      traceId: eagleeyeTraceId(trace),
      spanId: span ?? rpcSpanId(trace, rpc),
      parentId: parent,
      sampling: samplings.get(sampled) ?? 'defer',
      bits: 128,
      random: false,
      tracestate: '',
      residue
    },
    discarded: undefined
  }
}

/** Names of the caller are not needed to continue its trace: what is no name is left out. */
function keep(residue: Map<string, string>, key: string, value: string | undefined): void {
  if (value !== undefined && namePattern.test(value)) residue.set(key, value)
}

function traceIdText(context: TraceContext): string {
  return context.residue?.get('eagleeye.trace') ?? context.traceId
}

/** The gateway's place in the path: what it was called by, or where a trace begins. */
function ownRpcId(residue: Residue | undefined): string {
  return residue?.get('eagleeye.rpc') ?? residue?.get('eagleeye.ancestor') ?? rootRpcId
}

/** What the caller said of itself, for a gateway that does not show; a caller of another dialect has its span id. */
function injectCaller({ residue, spanId, parentId }: TraceContext, set: string[]): void {
  const spoken = residue?.has('eagleeye.rpc') === true
  const span = spoken ? residue.get('eagleeye.span') : spanIdLong(spanId)
  const parent = spoken
    ? residue.get('eagleeye.parent')
    : parentId === undefined
      ? undefined
      : spanIdLong(parentId)
  if (span !== undefined) set.push('EagleEye-SpanId', span)
  if (parent !== undefined) set.push('EagleEye-pSpanId', parent)
  const app = residue?.get('eagleeye.app')
  const caller = residue?.get('eagleeye.caller')
  if (app !== undefined) set.push('EagleEye-pAppName', app)
  if (caller !== undefined) set.push('EagleEye-pRpc', caller)
}

function inject(context: TraceContext, set: string[], hop: Hop): void {
  const { sampling, residue } = context
  set.push('EagleEye-TraceID', traceIdText(context), 'EagleEye-RpcID', calledRpcId(ownRpcId(residue), hop))
  if (hop.transparent) injectCaller(context, set)
  if (sampling !== 'defer') set.push('EagleEye-Sampled', sampling === 'drop' ? 's0' : 's1')
}

const member: Member = {
  key: carryKey,
  write({ residue, traceId, spanId }) {
    return writePathCarry(
      'eagleeye',
      residue?.get('eagleeye.trace'),
      residue?.get('eagleeye.rpc'),
      traceId,
      spanId
    )
  },
  read(value, context) {
    const carried = readCarry(value, 'eagleeye', context.traceId, context.spanId)
    if (carried === undefined) return undefined
    const residue = new Map([['eagleeye.trace', carried.trace]])
    if (carried.rpc === undefined) return residue
    if (!carried.direct) return residue.set('eagleeye.ancestor', carried.rpc)
    // The caller has a span id now that its path does not tell.
    return residue.set('eagleeye.rpc', carried.rpc).set('eagleeye.span', spanIdLong(context.spanId))
  }
}

export const eagleeye: Dialect = {
  name: 'eagleeye',
  rank: 60,
  // First seen in a capture of June 2017, the milliseconds in the trace id 0b83dd36 1498060210434 2973e4aa0. No release
  // is public; EagleEye itself may well be older.
  born: 2017,
  fields: [
    'EagleEye-TraceID',
    'EagleEye-RpcID',
    'EagleEye-SpanId',
    'EagleEye-pSpanId',
    'EagleEye-Sampled',
    'EagleEye-pAppName',
    'EagleEye-pRpc',
    'EagleEye-UserData'
  ],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'defer', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'transparent',
    parentId: false,
    width: false,
    random: false,
    tracestate: false
  },
  segments: false,
  member,
  extract,
  inject,
  injectDecision: undefined,
  traceIdText
}
