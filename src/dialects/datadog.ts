// Datadog, x-datadog-*: the low half of the trace id and the parent in decimal, the high half in a tag.
// Its own data goes on as residue, in its headers and in the member `dd` of tracestate.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import {
  datadogKeys,
  originOf,
  priorityFor,
  readState,
  readTags,
  writeState,
  writeTags
} from '../trace/datadog.ts'
import { isZero } from '../trace/ids.ts'
import { decimalOfHex, hexOfDecimal } from '../trace/u64.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 1024
/** Tracers leave longer tags unread: https://docs.datadoghq.com/tracing/trace_collection/trace_context_propagation/ */
const maxTags = 512

const zeroHalf = '0'.repeat(16)

const tooLong = malformed('too-long')
const badTraceId = malformed('trace-id')
const badParentId = malformed('parent-id')
const badPriority = malformed('sampling-priority')

const wishes: ReadonlyMap<string, Sampling> = new Map([
  ['-1', 'drop'],
  ['0', 'drop'],
  ['1', 'keep'],
  ['2', 'keep']
])

function overlong(value: string | undefined): boolean {
  return value !== undefined && value.length > maxLength
}

function residueOf(
  priority: string | undefined,
  origin: string | undefined,
  tags: string,
  parent: string | undefined
): Residue | undefined {
  const entries: [string, string][] = []
  if (priority === '-1' || priority === '2') entries.push([datadogKeys.priority, priority])
  if (origin !== undefined) entries.push([datadogKeys.origin, origin])
  if (tags !== '') entries.push([datadogKeys.tags, tags])
  if (parent !== undefined) entries.push([datadogKeys.parent, parent])
  return entries.length === 0 ? undefined : new Map(entries)
}

function extract(read: Read): Received {
  const trace = read('x-datadog-trace-id')
  const parent = read('x-datadog-parent-id')
  const priority = read('x-datadog-sampling-priority')
  // Neither of the others says anything of a trace by itself.
  if (trace === undefined && parent === undefined && priority === undefined) return absent
  const from = read('x-datadog-origin')
  const list = read('x-datadog-tags')
  if (overlong(trace) || overlong(parent) || overlong(priority) || overlong(from) || overlong(list)) {
    return tooLong
  }
  const sampling = priority === undefined ? 'defer' : wishes.get(priority)
  const origin = from === undefined ? undefined : originOf(from)
  // Before its limit is: a list too long for tags still holds half of the trace id.
  const { highHalf = zeroHalf, tags: all } = readTags(list ?? '')
  const tags = list === undefined || list.length <= maxTags ? all : ''
  if (trace === undefined) {
    if (parent !== undefined) return badTraceId
    if (sampling === undefined || sampling === 'defer') return badPriority
    return { kind: 'decision', sampling, residue: residueOf(priority, origin, tags, undefined) }
  }
  const low = hexOfDecimal(trace)
  if (low === undefined || isZero(low)) return badTraceId
  const spanId = parent === undefined ? zeroHalf : hexOfDecimal(parent)
  if (spanId === undefined) return badParentId
  const root = isZero(spanId)
  const found: Omit<TraceContext, 'spanId' | 'parentId'> = {
    traceId: highHalf + low,
    sampling: sampling ?? 'defer',
    bits: isZero(highHalf) ? 64 : 128,
    random: false,
    tracestate: '',
    residue: residueOf(priority, origin, tags, root ? undefined : spanId)
  }
  if (root) return { kind: 'trace', trace: found }
  return {
    kind: 'context',
    context: { ...found, spanId, parentId: undefined },
    discarded:
      tags !== all
        ? 'tags too-long'
        : sampling === undefined
          ? 'sampling-priority'
          : origin === undefined && from !== undefined && from !== ''
            ? 'origin'
            : undefined
  }
}

function lowDecimal({ traceId }: TraceContext): string {
  return decimalOfHex(traceId.slice(16))
}

function inject(context: TraceContext, set: string[]): void {
  const { traceId, spanId, sampling, residue } = context
  const low = lowDecimal(context)
  // To its tracers a trace of this id is none, whatever the high half.
  if (low === '0') return
  set.push('x-datadog-trace-id', low, 'x-datadog-parent-id', decimalOfHex(spanId))
  const priority = priorityFor(sampling, residue?.get(datadogKeys.priority))
  if (priority !== undefined) set.push('x-datadog-sampling-priority', priority)
  const origin = residue?.get(datadogKeys.origin)
  if (origin !== undefined) set.push('x-datadog-origin', origin)
  const highHalf = traceId.startsWith(zeroHalf) ? undefined : traceId.slice(0, 16)
  const tags = writeTags(highHalf, residue?.get(datadogKeys.tags), maxTags)
  if (tags !== '') set.push('x-datadog-tags', tags)
}

export const datadog: Dialect = {
  name: 'datadog',
  rank: 70,
  // In 0.9.0 of the tracer for Python: https://github.com/DataDog/dd-trace-py/commit/c609a9054c479b6e394eb807520567b000f1aace
  born: 2017,
  fields: [
    'x-datadog-trace-id',
    'x-datadog-parent-id',
    'x-datadog-sampling-priority',
    'x-datadog-origin',
    'x-datadog-tags'
  ],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'defer', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'always',
    parentId: false,
    width: true,
    random: false,
    tracestate: false
  },
  segments: false,
  member: { key: 'dd', write: writeState, read: readState },
  extract,
  inject,
  // Its tracers read no priority that comes without ids.
  injectDecision: undefined,
  traceIdText: lowDecimal
}
