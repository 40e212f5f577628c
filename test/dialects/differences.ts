// Where OpenTelemetry's propagators and our dialects are known to read differently, and why we do not follow.
// Each has an example: one on which both agree again has to leave this list.
import type { Headers } from '../vectors/vectors.ts'
import { readerOf } from '../vectors/vectors.ts'

export type Difference = {
  readonly reason: string
  readonly example: Headers
  /** Whether these headers may be read differently for this reason; judged by the bytes, not by either codec. */
  readonly when: (headers: Headers) => boolean
}

export const trace = '80f198ee56343ba864fe8b2a57d3eff7'
export const span = 'e457b5a2e4d86bd1'
export const parent = '05e3ac9a4f6e3b90'

export function field(headers: Headers, name: string): string {
  return readerOf(headers)(name) ?? ''
}

/** Whether a field is there and is, or is not, of this form. */
export const has = (name: string, form: RegExp) => (headers: Headers) => {
  const value = readerOf(headers)(name)
  return value !== undefined && form.test(value)
}
export const lacks = (name: string, form: RegExp) => (headers: Headers) => {
  const value = readerOf(headers)(name)
  return value !== undefined && !form.test(value)
}

const traceparent = ['traceparent', `00-${trace}-${span}-01`] as const

export function withState(value: string): Headers {
  return [traceparent, ['tracestate', value]]
}

export function members(headers: Headers): readonly string[] {
  return field(headers, 'tracestate')
    .split(',')
    .map(member => member.trim())
    .filter(member => member !== '')
}

function keysOf(headers: Headers): readonly string[] {
  return members(headers).map(member => member.slice(0, member.indexOf('=')))
}

export const memberShape = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[^=]{1,256}$/

const w3c: readonly Difference[] = [
  {
    reason:
      'a later version whose tail holds a comma may be two lines joined, and we do not choose between them',
    example: [['traceparent', `cc-${trace}-${span}-01-a,b`]],
    when: has('traceparent', /^(?!00).*,/)
  },
  {
    reason: 'level 2 lets a key begin with a digit and hold any number of @',
    example: withState('0foo=1,foo@@bar=2'),
    when: headers => keysOf(headers).some(key => /^[0-9]|@/.test(key))
  },
  {
    reason: 'one member that cannot be read discards the list, as the W3C harness asks for',
    example: withState('FOO=1,bar=2'),
    when: headers => !members(headers).every(member => memberShape.test(member))
  },
  {
    reason: 'of a repeated key the left-most value is the newest',
    example: withState('foo=1,foo=2'),
    when: headers => new Set(keysOf(headers)).size < keysOf(headers).length
  },
  {
    reason: 'a list of more than 32 members is discarded, not cut',
    example: withState(Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')),
    when: headers => members(headers).length > 32
  },
  {
    reason: 'a list is only cut when we add to it, so that it may be longer than 512',
    example: withState(`a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=${'x'.repeat(250)}`),
    when: headers => field(headers, 'tracestate').length > 512
  }
]

const b3Shape = /^(?:[0-9a-f]{16}){1,2}-[0-9a-f]{16}(?:-[01d])?(?:-[0-9a-f]{16})?$/

const b3: readonly Difference[] = [
  {
    reason: 'a decision without a trace is one',
    example: [['b3', '0']],
    when: has('b3', /^[01d]$/)
  },
  {
    reason: '"you decide" is not "no"',
    example: [['b3', `${trace}-${span}`]],
    when: has('b3', /^(?:[0-9a-f]{16}){1,2}-[0-9a-f]{16}(?:-[0-9a-f]{16})?$/)
  },
  {
    reason: 'the whole field has to be a context, not some part of it',
    example: [['b3', `zzz${trace}-${span}-1-junk`]],
    when: lacks('b3', b3Shape)
  }
]

const b3multi: readonly Difference[] = [
  {
    reason: 'a decision without a trace is one',
    example: [['X-B3-Sampled', '0']],
    when: headers => readerOf(headers)('x-b3-traceid') === undefined
  },
  {
    reason: '"you decide" is not "no"',
    example: [
      ['X-B3-TraceId', trace],
      ['X-B3-SpanId', span]
    ],
    when: headers => readerOf(headers)('x-b3-sampled') === undefined && field(headers, 'x-b3-flags') !== '1'
  },
  {
    reason: 'ids are lower case, as in Brave',
    example: [
      ['X-B3-TraceId', trace.toUpperCase()],
      ['X-B3-SpanId', span],
      ['X-B3-Sampled', '1']
    ],
    when: headers => /[A-F]/.test(field(headers, 'x-b3-traceid') + field(headers, 'x-b3-spanid'))
  },
  {
    reason: 'one digit is no id, as in Brave',
    example: [
      ['X-B3-TraceId', '1'],
      ['X-B3-SpanId', span],
      ['X-B3-Sampled', '1']
    ],
    when: has('x-b3-traceid', /^.$/)
  },
  {
    reason: 'short span ids are padded, as in Brave',
    example: [
      ['X-B3-TraceId', trace],
      ['X-B3-SpanId', 'e457'],
      ['X-B3-Sampled', '1']
    ],
    when: has('x-b3-spanid', /^.{2,15}$/)
  },
  {
    reason: 'a parent that cannot be read costs the whole, as in Brave',
    example: [
      ['X-B3-TraceId', trace],
      ['X-B3-SpanId', span],
      ['X-B3-ParentSpanId', '0'],
      ['X-B3-Sampled', '1']
    ],
    when: lacks('x-b3-parentspanid', /^(?!0+$)[0-9a-f]{2,16}$/)
  },
  {
    reason: 'true and false are read in any case, as in Brave',
    example: [
      ['X-B3-TraceId', trace],
      ['X-B3-SpanId', span],
      ['X-B3-Sampled', 'TRUE']
    ],
    when: has('x-b3-sampled', /^(?:true|false)$/i)
  },
  {
    reason: 'a debug flag does not save a Sampled that cannot be read, as in Brave',
    example: [
      ['X-B3-TraceId', trace],
      ['X-B3-SpanId', span],
      ['X-B3-Sampled', 'd'],
      ['X-B3-Flags', '1']
    ],
    when: headers => lacks('x-b3-sampled', /^[01]$/)(headers) && field(headers, 'x-b3-flags') === '1'
  }
]

/** One of the four parts of uber-trace-id, decoded if it can be. */
function part(headers: Headers, index: number): string {
  const raw = field(headers, 'uber-trace-id')
  try {
    return decodeURIComponent(raw).split(':')[index] ?? ''
  } catch {
    return raw.split(':')[index] ?? ''
  }
}

const jaeger: readonly Difference[] = [
  {
    reason: 'ids are hex digits, few enough and not all zero',
    example: [['uber-trace-id', 'zzz:yyy:0:1']],
    when: headers =>
      !/^(?!0+$)[0-9a-f]{1,32}$/i.test(part(headers, 0)) || !/^(?!0+$)[0-9a-f]{1,16}$/i.test(part(headers, 1))
  },
  {
    reason: 'ids are made lower case, for every other dialect to take them',
    example: [['uber-trace-id', `${trace.toUpperCase()}:${span}:0:1`]],
    when: headers => /[A-F]/.test(part(headers, 0) + part(headers, 1))
  },
  {
    reason: 'a parent that cannot be read costs the whole, as in the Jaeger clients',
    example: [['uber-trace-id', `${trace}:${span}::1`]],
    when: headers => !/^[0-9a-f]{1,16}$/i.test(part(headers, 2))
  },
  {
    reason: 'flags that cannot be read are not a wish to keep',
    example: [['uber-trace-id', `${trace}:${span}:0:x`]],
    when: headers => !/^[0-9a-f]{1,2}$/i.test(part(headers, 3))
  },
  {
    reason: 'a debug id alone asks for a trace',
    example: [['jaeger-debug-id', 'ticket-42']],
    when: headers => field(headers, 'jaeger-debug-id') !== '' && field(headers, 'uber-trace-id') === ''
  }
]

/** In what is read. */
export const reading: Readonly<Record<'w3c' | 'b3' | 'b3multi' | 'jaeger', readonly Difference[]>> = {
  w3c,
  b3,
  b3multi,
  jaeger
}
