// W3C Trace Context, level 2: traceparent and tracestate.
// A broken tracestate never costs the traceparent; a broken traceparent always costs the tracestate.
import type { Received } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { parseTracestate } from '../trace/tracestate.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 512
const length = 55
const dash = 45

// https://www.w3.org/TR/trace-context-2/#version
const versionPattern = /^[0-9a-f]{2}/
// https://www.w3.org/TR/trace-context-2/#version-format and, for what may follow in later versions,
// https://www.w3.org/TR/trace-context-2/#versioning-of-traceparent
const shape = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/
// Lines of one name arrive joined by a bare comma; a comma that one line held itself is followed by a space.
const joined = /,[^ ]/

const tooLong = malformed('too-long')
const multiple = malformed('multiple-traceparent')
const badVersion = malformed('bad-version')
const versionFf = malformed('version-ff')
const badFormat = malformed('bad-format')
const zeroTraceId = malformed('zero-trace-id')
const zeroParentId = malformed('zero-parent-id')

function extract(read: Read): Received {
  const value = read('traceparent')
  if (value === undefined) return absent
  if (value.length > maxLength) return tooLong
  // Also in the tail that a later version may have: taking one of two contexts would be a guess.
  if (value.includes(',')) return joined.test(value) ? multiple : badFormat
  if (!shape.test(value)) return versionPattern.test(value) ? badFormat : badVersion
  if (value.startsWith('ff')) return versionFf
  if (value.length > length && (value.startsWith('00') || value.charCodeAt(length) !== dash)) return badFormat
  const traceId = value.slice(3, 35)
  if (isZero(traceId)) return zeroTraceId
  const spanId = value.slice(36, 52)
  if (isZero(spanId)) return zeroParentId

  // Both flags that we know sit in the last digit.
  const digit = value.charCodeAt(54)
  const flags = digit < 58 ? digit - 48 : digit - 87
  const sampling = (flags & 1) === 1 ? 'keep' : 'drop'
  const random = (flags & 2) === 2
  const raw = read('tracestate')
  const state = raw === undefined ? undefined : parseTracestate(raw)
  return {
    kind: 'context',
    context: {
      traceId,
      spanId,
      parentId: undefined,
      sampling,
      bits: 128,
      random,
      tracestate: state?.list ?? '',
      residue: undefined
    },
    discarded: state?.discarded === undefined ? undefined : `tracestate ${state.discarded}`
  }
}

export const w3c: Dialect = {
  name: 'w3c',
  rank: 0,
  // Level 2: https://www.w3.org/TR/2024/CRD-trace-context-2-20240328/
  born: 2024,
  fields: ['traceparent', 'tracestate'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'drop', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'always',
    parentId: false,
    width: false,
    random: true,
    tracestate: true
  },
  segments: false,
  member: undefined,
  extract,
  inject(context, set) {
    const keep = context.sampling === 'keep' || context.sampling === 'debug'
    const flags = context.random ? (keep ? '-03' : '-02') : keep ? '-01' : '-00'
    set.push('traceparent', `00-${context.traceId}-${context.spanId}${flags}`)
    if (context.tracestate !== '') set.push('tracestate', context.tracestate)
  },
  injectDecision: undefined,
  traceIdText: context => context.traceId
}
