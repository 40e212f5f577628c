// B3 in one header, as Zipkin and Brave speak it: {trace}-{span}[-{state}][-{parent}], or a state alone.
// X-B3-* headers are b3multi's; asking it when `b3` is malformed is for whoever asks both.
import type { Received, Sampling } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { traceIdInWidth } from '../trace/width.ts'
import type { Dialect, Read } from './dialect.ts'

const maxLength = 68
const dash = 45

// https://github.com/openzipkin/b3-propagation#single-header
const shape = /^[0-9a-f]{16}(?:[0-9a-f]{16})?-[0-9a-f]{16}(?:-[01d])?(?:-[0-9a-f]{16})?$/

const tooLong = malformed('too-long')
const badState = malformed('bad-sampling-state')
const bad = malformed('malformed')
const zeroTraceId = malformed('zero-trace-id')
const zeroSpanId = malformed('zero-span-id')

const states: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'drop'],
  ['1', 'keep'],
  ['d', 'debug']
])
const letters: Readonly<Record<Sampling, string>> = { drop: '0', keep: '1', debug: 'd', defer: '' }

const decisions: ReadonlyMap<string, Received> = new Map(
  Array.from(states, ([letter, sampling]) => [letter, { kind: 'decision', sampling, residue: undefined }])
)

function extract(read: Read): Received {
  const value = read('b3')
  if (value === undefined || value === '') return absent
  if (value.length > maxLength) return tooLong
  if (value.length === 1) return decisions.get(value) ?? badState
  if (!shape.test(value)) return bad

  const at = value.charCodeAt(16) === dash ? 16 : 32
  const digits = value.slice(0, at)
  if (isZero(digits)) return zeroTraceId
  const spanId = value.slice(at + 1, at + 17)
  if (isZero(spanId)) return zeroSpanId
  // Behind the span id: nothing, `-s`, `-parent` or `-s-parent`.
  const rest = value.length - at - 17
  const state = rest === 2 || rest === 19 ? value.charAt(at + 18) : ''
  const parentId = rest < 17 ? undefined : value.slice(-16)
  return {
    kind: 'context',
    context: {
      traceId: at === 16 ? digits.padStart(32, '0') : digits,
      spanId,
      parentId: parentId === undefined || isZero(parentId) ? undefined : parentId,
      sampling: states.get(state) ?? 'defer',
      bits: at === 16 ? 64 : 128,
      random: false,
      tracestate: '',
      residue: undefined
    },
    discarded: undefined
  }
}

export const b3: Dialect = {
  name: 'b3',
  rank: 10,
  // https://github.com/openzipkin/b3-propagation/commit/e4180b830d3cd12e7136dfa9cd49fc41be918eea
  born: 2018,
  fields: ['b3'],
  supersedes: ['b3multi'],
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
    let value = `${traceIdInWidth(context)}-${context.spanId}`
    if (context.sampling !== 'defer') value += `-${letters[context.sampling]}`
    if (context.parentId !== undefined) value += `-${context.parentId}`
    set.push('b3', value)
  },
  injectDecision(sampling, set) {
    if (sampling !== 'defer') set.push('b3', letters[sampling])
  },
  traceIdText: traceIdInWidth
}
