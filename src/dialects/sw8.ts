// SkyWalking, sw8 with its extension sw8-x. A header forces every agent to sample, so a dropped trace sends none.
// sw8-correlation is baggage: it is only stripped here.
import { carryKey, readCarry, writeCarry } from '../trace/carry.ts'
import {
  absent,
  foreign,
  malformed,
  type Received,
  type Residue,
  type TraceContext
} from '../trace/context.ts'
import type { Hop } from '../trace/hop.ts'
import { skywalkingSpanId, skywalkingTraceId } from '../trace/identity.ts'
import { readSw8, readSw8Extension, type Sw8, type Sw8Reason, writeSw8 } from '../trace/sw8.ts'
import type { Dialect, Member, Read } from './dialect.ts'

const maxExtension = 1024

// Java agents send it so for a request that they do not trace: nothing is wrong with it.
const empty = foreign('empty')

const reasons: Readonly<Record<Sw8Reason, Received>> = {
  'too-long': malformed('too-long'),
  'field-count': malformed('field-count'),
  'sample-flag': malformed('sample-flag'),
  'span-id': malformed('span-id'),
  base64: malformed('base64'),
  'empty-field': malformed('empty-field'),
  'trace-id': malformed('trace-id'),
  'segment-id': malformed('segment-id'),
  'control-character': malformed('control-character')
}

function residueOf(header: Sw8, skipAnalysis: boolean): Residue {
  const { trace, segment, index, service, instance, endpoint, peer } = header
  const residue = new Map([
    ['sw8.trace', trace],
    ['sw8.segment', segment],
    ['sw8.index', String(index)],
    ['sw8.service', service]
  ])
  if (instance !== '') residue.set('sw8.instance', instance)
  if (endpoint !== '') residue.set('sw8.endpoint', endpoint)
  if (peer !== '') residue.set('sw8.peer', peer)
  if (skipAnalysis) residue.set('sw8.skip', '1')
  return residue
}

function extract(read: Read): Received {
  const value = read('sw8')
  if (value === undefined) return absent
  if (value === '') return empty
  const header = readSw8(value)
  if (typeof header === 'string') return reasons[header]
  const extension = read('sw8-x')
  const overlong = extension !== undefined && extension.length > maxExtension
  return {
    kind: 'context',
    context: {
      traceId: skywalkingTraceId(header.trace),
      spanId: skywalkingSpanId(header.segment, header.index),
      parentId: undefined,
      sampling: header.sampled ? 'keep' : 'drop',
      bits: 128,
      random: false,
      tracestate: '',
      residue: residueOf(header, readSw8Extension(extension)?.skipAnalysis === true)
    },
    discarded: overlong ? 'sw8-x too-long' : undefined
  }
}

function traceIdText(context: TraceContext): string {
  return context.residue?.get('sw8.trace') ?? context.traceId
}

/** The gateway's own segment and call; where it has none, the caller's, or a segment that is nothing but its span. */
function placeOf({ residue, spanId }: TraceContext, hop: Hop): Omit<Sw8, 'sampled' | 'trace'> {
  const { segmentId, number, service, instance, endpoint, peer } = hop
  if (segmentId !== '') return { segment: segmentId, index: number, service, instance, endpoint, peer }
  const segment = residue?.get('sw8.segment')
  return {
    // Span 0 of a segment of 16 digits is that span: what passes through keeps its ids.
    segment: segment ?? spanId,
    index: segment === undefined ? 0 : Number(residue?.get('sw8.index')),
    service: residue?.get('sw8.service') ?? service,
    instance: residue?.get('sw8.instance') ?? instance,
    endpoint: residue?.get('sw8.endpoint') ?? endpoint,
    peer: residue?.get('sw8.peer') ?? peer
  }
}

const member: Member = {
  key: carryKey,
  write(context) {
    const trace = context.residue?.get('sw8.trace')
    const segment = context.residue?.get('sw8.segment')
    // Without a segment it was read from a member about an ancestor, which stays as it is.
    if (trace === undefined || segment === undefined) return undefined
    const index = Number(context.residue?.get('sw8.index'))
    const carry = { family: 'sw8', trace, segment, index, rpc: undefined } as const
    return writeCarry(carry, context.traceId, context.spanId)
  },
  read(value, context) {
    const carried = readCarry(value, 'sw8', context.traceId, context.spanId)
    if (carried === undefined) return undefined
    const residue = new Map([['sw8.trace', carried.trace]])
    // The segment of an ancestor is not claimed as the parent.
    if (carried.direct && carried.segment !== undefined) {
      residue.set('sw8.segment', carried.segment)
      residue.set('sw8.index', String(carried.index))
    }
    return residue
  }
}

export const sw8: Dialect = {
  name: 'sw8',
  rank: 50,
  // Released with SkyWalking 8.0.0, June 2020: https://github.com/apache/skywalking/commit/6fe2041b470113e626cb3f41e3789261d31f2548
  born: 2020,
  fields: ['sw8', 'sw8-correlation', 'sw8-x'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'keep' },
    dropped: 'nothing',
    traceIdBits: 128,
    spanId: 'always',
    parentId: false,
    width: false,
    random: false,
    tracestate: false
  },
  segments: true,
  member,
  extract,
  inject(context, set, hop) {
    if (context.sampling !== 'keep' && context.sampling !== 'debug') return
    set.push('sw8', writeSw8({ trace: traceIdText(context), ...placeOf(context, hop) }))
    if (context.residue?.get('sw8.skip') === '1') set.push('sw8-x', '1')
  },
  injectDecision: undefined,
  traceIdText
}
