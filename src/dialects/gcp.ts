// Google Cloud, X-Cloud-Trace-Context: {32 hex}[/{span, unsigned decimal}][;o={options}].
// The span is decimal: hex digits in it are another's mistake, and are not read as if they were decimal.
import type { Received, Sampling } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { decimalOfHex, hexOfDecimal } from '../trace/u64.ts'
import type { Dialect, Read } from './dialect.ts'

const field = 'X-Cloud-Trace-Context'
const lowerField = 'x-cloud-trace-context'
const maxLength = 1024

// https://cloud.google.com/trace/docs/trace-context, the legacy header
const shape = /^([^/;]*)(?:\/([^;]*))?(?:;o=(.*))?$/
const traceIdPattern = /^[0-9a-f]{32}$/i
const optionsPattern = /^[0-9]{1,10}$/

const tooLong = malformed('too-long')
const bad = malformed('malformed')
const badTraceId = malformed('trace-id')
const zeroTraceId = malformed('zero-trace-id')
const badSpanId = malformed('span-id')
const badOptions = malformed('options')

const options: Readonly<Record<Sampling, string>> = { keep: ';o=1', drop: ';o=0', debug: ';o=1', defer: '' }

function extract(read: Read): Received {
  const value = read(lowerField)
  if (value === undefined) return absent
  if (value.length > maxLength) return tooLong
  const found = shape.exec(value)
  if (found === null) return bad
  const [, digits = '', decimal, flags] = found
  if (!traceIdPattern.test(digits)) return badTraceId
  if (isZero(digits)) return zeroTraceId
  const spanId = decimal === undefined ? undefined : hexOfDecimal(decimal)
  if (decimal !== undefined && spanId === undefined) return badSpanId
  if (flags !== undefined && !optionsPattern.test(flags)) return badOptions
  const sampling = flags === undefined ? 'defer' : Number(flags) % 2 === 1 ? 'keep' : 'drop'
  const trace = {
    traceId: digits.toLowerCase(),
    sampling,
    bits: 128,
    random: false,
    tracestate: '',
    residue: undefined
  } as const
  // A front end begins a trace without a span of its own.
  if (spanId === undefined || isZero(spanId)) return { kind: 'trace', trace }
  return { kind: 'context', context: { ...trace, spanId, parentId: undefined }, discarded: undefined }
}

export const gcp: Dialect = {
  name: 'gcp',
  rank: 90,
  // First seen in the first public commit of the agent for Node.js, August 2015; App Engine may have sent it before:
  // https://github.com/googleapis/cloud-trace-nodejs/commit/bb6d08663b728436023ca62781ac769029e8b032
  born: 2015,
  fields: [field],
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
    const { traceId, spanId, sampling } = context
    set.push(field, `${traceId}/${decimalOfHex(spanId)}${options[sampling]}`)
  },
  injectDecision: undefined,
  traceIdText: context => context.traceId
}
