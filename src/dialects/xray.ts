// AWS X-Ray, X-Amzn-Trace-Id: Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled={0|1|?}, in any order, and what
// others put beside them. It answers nobody's `?`, and reads no other header of AWS.
import type { Received, Residue, Sampling, TraceContext } from '../trace/context.ts'
import { absent, malformed } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import { trimOws } from '../trace/ows.ts'
import type { Dialect, Read } from './dialect.ts'

const field = 'X-Amzn-Trace-Id'
const lowerField = 'x-amzn-trace-id'
const maxLength = 1024
const maxFields = 256
const residueKey = 'xray.fields'

// https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
// Keys in any case, as the SDKs read them.
const rootPattern = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/i
const parentPattern = /^[0-9a-f]{16}$/i
// Visible ASCII, for nobody says what user data may be: a name, and a value that ends before the next field.
const otherPattern = /^[\x21-\x2b\x2d-\x3a\x3c\x3e-\x7e]+=[\x21-\x2b\x2d-\x3a\x3c-\x7e]*$/

const tooLong = malformed('too-long')
const multiple = malformed('multiple')
const repeated = malformed('repeated-field')
const badRoot = malformed('root')
const badParent = malformed('parent')

const wishes: ReadonlyMap<string, Sampling> = new Map([
  ['0', 'drop'],
  ['1', 'keep'],
  ['?', 'defer']
])
const letters: Readonly<Record<Sampling, string>> = { drop: '0', keep: '1', defer: '?', debug: '1' }

/** The fields of the header; undefined for those that are not there. */
type Parts = {
  root: string | undefined
  parent: string | undefined
  sampled: string | undefined
  /** Lambda counts the hops of a loop in it. */
  lineage: string
  /** All that are not ours to read, as they came. */
  others: string
}

/** Undefined where a field of ours comes twice: which one is meant would be a guess. */
function partsOf(value: string): Parts | undefined {
  const parts: Parts = { root: undefined, parent: undefined, sampled: undefined, lineage: '', others: '' }
  for (const piece of value.split(';')) {
    const part = trimOws(piece)
    const equals = part.indexOf('=')
    if (equals <= 0) continue
    const name = part.slice(0, equals).trimEnd().toLowerCase()
    if (name === 'root' || name === 'parent' || name === 'sampled') {
      if (parts[name] !== undefined) return undefined
      parts[name] = trimOws(part, equals + 1)
    } else if (otherPattern.test(part)) {
      if (name === 'lineage') parts.lineage = part
      parts.others = parts.others === '' ? part : `${parts.others};${part}`
    }
  }
  return parts
}

/** Where there is too much to carry, that which keeps a loop from going on for ever. */
function residueOf({ others, lineage }: Parts): Residue | undefined {
  const kept = others.length <= maxFields ? others : lineage
  return kept === '' || kept.length > maxFields ? undefined : new Map([[residueKey, kept]])
}

function extract(read: Read): Received {
  const value = read(lowerField)
  if (value === undefined || value === '') return absent
  if (value.length > maxLength) return tooLong
  // Two lines of it, for none of its fields has a comma.
  if (value.includes(',')) return multiple
  const parts = partsOf(value)
  if (parts === undefined) return repeated
  const { root, parent, sampled } = parts
  const sampling = sampled === undefined ? 'defer' : wishes.get(sampled)
  const residue = residueOf(parts)
  if (root === undefined) {
    const lone = parent === undefined && sampling !== undefined && sampling !== 'defer'
    return lone ? { kind: 'decision', sampling, residue } : badRoot
  }
  const found = rootPattern.exec(root)
  if (found === null) return badRoot
  const [, seconds = '', unique = ''] = found
  const traceId = (seconds + unique).toLowerCase()
  if (isZero(traceId)) return badRoot
  if (parent !== undefined && !parentPattern.test(parent)) return badParent
  const trace = {
    traceId,
    sampling: sampling ?? 'defer',
    bits: 128,
    random: false,
    tracestate: '',
    residue
  } as const
  // A load balancer begins a trace without a span of its own.
  if (parent === undefined || isZero(parent)) return { kind: 'trace', trace }
  return {
    kind: 'context',
    context: { ...trace, spanId: parent.toLowerCase(), parentId: undefined },
    discarded: sampling === undefined ? 'sampled' : undefined
  }
}

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids */
function rootOf({ traceId }: TraceContext): string {
  return `1-${traceId.slice(0, 8)}-${traceId.slice(8)}`
}

export const xray: Dialect = {
  name: 'xray',
  rank: 80,
  // With the preview of X-Ray, December 2016: https://www.infoq.com/news/2016/12/aws-xray-preview/
  born: 2016,
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
    const others = context.residue?.get(residueKey)
    const value = `Root=${rootOf(context)};Parent=${context.spanId};Sampled=${letters[context.sampling]}`
    set.push(field, others === undefined ? value : `${value};${others}`)
  },
  injectDecision(sampling, set) {
    if (sampling !== 'defer') set.push(field, `Sampled=${letters[sampling]}`)
  },
  traceIdText: rootOf
}
