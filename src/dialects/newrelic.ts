// New Relic, newrelic: JSON in base64 that names an account and an application. It is read, and must not be written:
// no gateway is either, so the field goes on as it came.
import { decodeText } from '../trace/base64.ts'
import { absent, malformed, type Received, type Sampling } from '../trace/context.ts'
import { isZero } from '../trace/ids.ts'
import type { Read, Relayed } from './dialect.ts'

const maxLength = 1024

// https://github.com/newrelic/node-newrelic, where it accepts a payload
const required = ['ty', 'ac', 'ap', 'tr', 'ti']
const traceIdPattern = /^[0-9a-f]{1,32}$/i
const spanIdPattern = /^[0-9a-f]{1,16}$/i

const tooLong = malformed('too-long')
const badBase64 = malformed('base64')
const badJson = malformed('json')
const badVersion = malformed('version')
const laterVersion = malformed('major-version')
const incomplete = malformed('required-key')
const badTraceId = malformed('trace-id')
const badSpanId = malformed('span-id')

function extract(read: Read): Received {
  const value = read('newrelic')
  if (value === undefined) return absent
  if (value.length > maxLength) return tooLong
  const text = decodeText(value)
  if (text === undefined) return badBase64
  const payload = keysOf(parsed(text))
  if (payload === undefined) return badJson
  const version = payload.get('v')
  const major: unknown = Array.isArray(version) ? version[0] : undefined
  if (typeof major !== 'number') return badVersion
  if (major > 0) return laterVersion
  const data = keysOf(payload.get('d'))
  if (data === undefined || required.some(key => !present(data.get(key)))) return incomplete
  return contextOf(data)
}

/** JSON has no undefined. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The own keys of an object, `__proto__` and the like among them; undefined for anything else. */
function keysOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value))
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function contextOf(data: ReadonlyMap<string, unknown>): Received {
  const trace = data.get('tr')
  // Where spans are off an agent names its transaction alone.
  const span = present(data.get('id')) ? data.get('id') : data.get('tx')
  if (!present(span)) return incomplete
  if (typeof trace !== 'string' || !traceIdPattern.test(trace) || isZero(trace)) return badTraceId
  if (typeof span !== 'string' || !spanIdPattern.test(span) || isZero(span)) return badSpanId
  return {
    kind: 'context',
    context: {
      traceId: trace.toLowerCase().padStart(32, '0'),
      spanId: span.toLowerCase().padStart(16, '0'),
      parentId: undefined,
      sampling: samplingOf(data.get('sa')),
      bits: trace.length > 16 ? 128 : 64,
      random: false,
      tracestate: '',
      residue: undefined
    },
    discarded: undefined
  }
}

function samplingOf(sampled: unknown): Sampling {
  return sampled === true ? 'keep' : sampled === false ? 'drop' : 'defer'
}

export const newrelic: Relayed = {
  name: 'newrelic',
  rank: 125,
  // With 4.7.0 of the agent for Node.js, July 2018:
  // https://docs.newrelic.com/docs/release-notes/agent-release-notes/nodejs-release-notes/node-agent-470/
  born: 2018,
  fields: ['newrelic'],
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
  member: undefined,
  extract,
  inject: undefined
}
