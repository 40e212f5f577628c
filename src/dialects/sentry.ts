// Sentry, sentry-trace: {32 hex}-{16 hex}[-{0|1}]. What it says of sampling in baggage is baggage's business.
import type { Received, Sampling } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import type { Dialect, Read } from './dialect.ts'

// https://develop.sentry.dev/sdk/foundations/trace-propagation/#sentry-trace-header
const shape = /^[0-9a-f]{32}-[0-9a-f]{16}(?:-[01])?$/

const bad = malformed('malformed')
const zeroId = malformed('zero-id')

const states: Readonly<Record<Sampling, string>> = { keep: '-1', drop: '-0', debug: '-1', defer: '' }

function extract(read: Read): Received {
  const value = read('sentry-trace')
  if (value === undefined) return absent
  if (!shape.test(value)) return bad
  const traceId = value.slice(0, 32)
  const spanId = value.slice(33, 49)
  if (isZero(traceId) || isZero(spanId)) return zeroId
  return {
    kind: 'context',
    context: {
      traceId,
      spanId,
      parentId: undefined,
      sampling: value.length === 49 ? 'defer' : value.endsWith('1') ? 'keep' : 'drop',
      bits: 128,
      random: false,
      tracestate: '',
      residue: undefined
    },
    discarded: undefined
  }
}

export const sentry: Dialect = {
  name: 'sentry',
  rank: 110,
  // In 0.7.13 of the SDK for Python, April 2019:
  // https://github.com/getsentry/sentry-python/commit/a843018ba552882e646bc420c969d2a22b1c7856
  born: 2019,
  fields: ['sentry-trace'],
  supersedes: [],
  carries: {
    sampling: { keep: 'keep', drop: 'drop', defer: 'defer', debug: 'keep' },
    dropped: 'context',
    traceIdBits: 128,
    spanId: 'always',
    parentId: false,
    width: false,
    random: false,
    tracestate: false
  },
  segments: false,
  member: undefined,
  extract,
  inject(context, set) {
    set.push('sentry-trace', `${context.traceId}-${context.spanId}${states[context.sampling]}`)
  },
  injectDecision: undefined,
  traceIdText: context => context.traceId
}
