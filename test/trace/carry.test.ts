import fc from 'fast-check'
import t from 'tap'
import { type Carry, carryKey, readCarry, writeCarry } from '../../src/trace/carry.ts'
import { canonicalTraceId, type Family } from '../../src/trace/identity.ts'
import { memberOf, parseTracestate } from '../../src/trace/tracestate.ts'
import { readerOf, type Vector, vectors } from '../vectors/vectors.ts'

type Carrying = Vector<{
  readonly value?: string
  readonly restored: {
    readonly format: Family
    readonly vendorTraceId: string
    readonly segmentId?: string
    readonly spanIndex?: number
    readonly rpcId?: string
    readonly direct: boolean
  } | null
}> & {
  readonly input?: {
    readonly f: string
    readonly trace: string
    readonly traceId: string
    readonly seg?: string
    readonly n?: number
    readonly rpc?: string
    readonly p: string
  }
}

const families: readonly Family[] = ['sw8', 'eagleeye', 'sofa']
const letters = new Map<string, Family>([
  ['s', 'sw8'],
  ['e', 'eagleeye'],
  ['o', 'sofa']
])

for (const { name, headers, input, expect } of vectors<Carrying>('tracestate-carry')) {
  t.test(`carries ${name}`, async t => {
    const read = readerOf(headers)
    const [, traceId = input?.traceId ?? '', spanId = input?.p ?? ''] = read('traceparent')?.split('-') ?? []
    const { list, discarded } = parseTracestate(read('tracestate') ?? '')
    t.equal(discarded, undefined, 'the vector is a tracestate')
    const value = memberOf(list, carryKey) ?? ''
    const { restored } = expect
    for (const family of families) {
      const got = readCarry(value, family, traceId, spanId)
      if (restored?.format !== family) t.equal(got, undefined, family)
      else {
        t.strictSame(got, {
          family,
          trace: restored.vendorTraceId,
          segment: restored.segmentId,
          index: restored.spanIndex,
          rpc: restored.rpcId,
          direct: restored.direct
        })
      }
    }
    if (input === undefined) return
    const family = letters.get(input.f) ?? 'sw8'
    const carry = { family, trace: input.trace, segment: input.seg, index: input.n, rpc: input.rpc }
    t.equal(writeCarry(carry, input.traceId, input.p), expect.value)
  })
}

const spanId = '00f067aa0ba902b7'

const segments = fc.record({
  family: fc.constant('sw8' as const),
  trace: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  segment: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { nil: undefined }),
  index: fc.nat(2 ** 31 - 1),
  rpc: fc.constant(undefined)
})
const paths = fc.record({
  family: fc.constantFrom('eagleeye' as const, 'sofa' as const),
  trace: fc.stringMatching(/^[\x21-\x7e]{1,30}$/),
  segment: fc.constant(undefined),
  index: fc.constant(undefined),
  rpc: fc.option(fc.constantFrom('0', '0.1', '9.12.3'), { nil: undefined })
})
const carries: fc.Arbitrary<Carry> = fc.oneof(
  segments.map(carry => (carry.segment === undefined ? { ...carry, index: undefined } : carry)),
  paths
)

t.test('what is written is a tracestate value, and reads as it was', async t => {
  fc.assert(
    fc.property(carries, carry => {
      const traceId = canonicalTraceId(carry.family, carry.trace)
      const value = writeCarry(carry, traceId, spanId)
      if (value === undefined) return
      t.equal(parseTracestate(`${carryKey}=${value}`).list, `${carryKey}=${value}`)
      const got = readCarry(value, carry.family, traceId, spanId)
      // A place that did not fit was left out.
      const place = value.includes(';s:') || value.includes(';r:')
      const left = place ? carry : { ...carry, segment: undefined, index: undefined, rpc: undefined }
      t.strictSame(got, { ...left, direct: true })
    })
  )
})

t.test('a segment too long for the member is left out, and so is a trace id, with all else', async t => {
  const traceId = canonicalTraceId('sw8', 'a b')
  const long = { family: 'sw8', trace: 'a b', segment: ' '.repeat(80), index: 1, rpc: undefined } as const
  t.equal(writeCarry(long, traceId, spanId), `f:s;t:ra%20b;p:${spanId}`)
  t.equal(writeCarry({ ...long, trace: ' '.repeat(80) }, traceId, spanId), undefined)
})

const uuid = '4bf92f3577b34da6a3ce929d0e0e4736'

t.test('a Java agent’s ids stay below the length at which members are dropped first', async t => {
  const id = 'a12ff60b5807463899ea84ae4ba9cb3d.2147483647.17000000000009999'
  const carry = { family: 'sw8', trace: id, segment: id, index: 12, rpc: undefined } as const
  const value = writeCarry(carry, canonicalTraceId('sw8', id), spanId) ?? ''
  t.ok(`${carryKey}=${value}`.length <= 128, `${value.length}`)
})

t.test('whatever is not in the one form that is written is not read', async t => {
  const good = `f:s;s:r1.2.3;n:4;p:${spanId}`
  t.ok(readCarry(good, 'sw8', uuid, spanId))
  for (const bad of [
    '',
    'f:s',
    `f:s;p:${spanId.toUpperCase()}`,
    `f:s;p:${spanId}0`,
    `f:x;p:${spanId}`,
    `F:s;p:${spanId}`,
    `f:s;;p:${spanId}`,
    `f:s;p:${spanId};`,
    `f:s;p:${spanId};p:${spanId}`,
    `f:s;s:r1.2.3;p:${spanId}`,
    `f:s;n:4;p:${spanId}`,
    `f:s;s:r1.2.3;n:04;p:${spanId}`,
    `f:s;s:r1.2.3;n:-1;p:${spanId}`,
    `f:s;s:r1.2.3;n:2147483648;p:${spanId}`,
    `f:s;s:;n:4;p:${spanId}`,
    `f:s;s:r;n:4;p:${spanId}`,
    `f:s;s:r%31;n:4;p:${spanId}`,
    `f:s;t:xS_kvNXezTaajzpKdDg5HNg;p:${spanId}`,
    `f:s;constructor:1;p:${spanId}`,
    `__proto__:s;p:${spanId}`
  ]) {
    t.equal(readCarry(bad, 'sw8', uuid, spanId), undefined, bad)
  }
  for (const rpc of ['', '.', '0.', 'a', '0'.repeat(300)]) {
    t.equal(readCarry(`f:e;r:${rpc};p:${spanId}`, 'eagleeye', uuid, spanId), undefined, rpc)
  }
})

t.test('a part that is not known yet is let pass', async t => {
  t.match(readCarry(`f:s;d:1;p:${spanId}`, 'sw8', uuid, spanId), { trace: uuid, direct: true })
})

t.test('any value is read without an exception', async t => {
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...families), (text, family) => {
      readCarry(text, family, uuid, spanId)
      readCarry(`f:s;t:${text};p:${spanId}`, family, uuid, spanId)
    })
  )
  t.pass()
})

t.test(
  'what the family’s own header could not hold is not read, though it fits the trace id beside it',
  async t => {
    const bind = (family: Family, trace: string) => {
      const traceId = canonicalTraceId(family, trace)
      const value = writeCarry(
        { family, trace, segment: undefined, index: undefined, rpc: undefined },
        traceId,
        spanId
      )
      if (value === undefined) throw new Error(`${trace} does not fit`)
      t.equal(
        parseTracestate(`${carryKey}=${value}`).list,
        `${carryKey}=${value}`,
        'a tracestate for all that'
      )
      return readCarry(value, family, traceId, spanId)
    }
    for (const hostile of ['\r\nX-Evil: 1', '\0', 'a\u001b[2Jb', 'a\u0085', '\u007f']) {
      for (const family of families)
        t.equal(bind(family, hostile), undefined, JSON.stringify([family, hostile]))
    }
    for (const blank of [' ', 'a b', 'é中', 'x'.repeat(65)]) {
      for (const family of ['eagleeye', 'sofa'] as const) {
        t.equal(bind(family, blank), undefined, JSON.stringify([family, blank]))
      }
      t.equal(bind('sw8', blank)?.trace, blank, 'an id of SkyWalking’s may be any text')
    }
    for (const segment of ['a\r\nb', '\0', 'a\u009bb']) {
      const value =
        writeCarry({ family: 'sw8', trace: uuid, segment, index: 1, rpc: undefined }, uuid, spanId) ?? ''
      t.match(value, /;s:/)
      t.equal(readCarry(value, 'sw8', uuid, spanId), undefined, JSON.stringify(segment))
    }
  }
)
