import { createHash } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  canonicalTraceId,
  eagleeyeTraceId,
  longSpanId,
  rpcSpanId,
  skywalkingSpanId,
  skywalkingTraceId,
  sofaTraceId,
  spanIdLong
} from '../../src/trace/identity.ts'
import { type Vector, vectors } from '../vectors/vectors.ts'

type Mapping = Vector<{
  readonly traceId?: string
  readonly spanId?: string
  readonly spanIds?: readonly string[]
}> & {
  readonly input: {
    readonly kind: string
    readonly id: string
    readonly traceId: string
    readonly rpcId: string
    readonly segmentId: string
    readonly spanIndex: number
    readonly spanIndexes: readonly number[]
  }
}

const mappings: ReadonlyMap<string, (input: Mapping['input']) => unknown> = new Map<
  string,
  (input: Mapping['input']) => unknown
>([
  ['sw-trace-id', ({ id }) => skywalkingTraceId(id)],
  ['sw-span-id', ({ segmentId, spanIndex }) => skywalkingSpanId(segmentId, spanIndex)],
  [
    'sw-span-id-set',
    ({ segmentId, spanIndexes }) => spanIndexes.map(index => skywalkingSpanId(segmentId, index))
  ],
  ['eagleeye-trace-id', ({ id }) => eagleeyeTraceId(id)],
  ['eagleeye-span-id', ({ id }) => longSpanId(id)],
  ['rpc-span-id', ({ traceId, rpcId }) => rpcSpanId(traceId, rpcId)]
])
/** Their ids are those of other dialects, whose own tests hold them. */
const elsewhere = ['datadog', 'xray', 'b3-64']

for (const { name, input, expect } of vectors<Mapping>('id-mapping')) {
  if (elsewhere.includes(input.kind)) continue
  t.test(`maps ${name}`, async t => {
    t.strictSame(mappings.get(input.kind)?.(input), expect.traceId ?? expect.spanId ?? expect.spanIds)
  })
}

const uuid = 'de5980b8fce34a37aab9b4ac3af7eedd'

// https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/receiver/skywalkingreceiver, step by
// step and byte by byte: zeros where that gives up.
function collected(id: string, extra: number): Buffer {
  const none = Buffer.alloc(16)
  if (!/^[0-9a-f]{32}/i.test(id)) return none
  const bytes = Buffer.from(id.slice(0, 32), 'hex')
  for (let i = 0; i < 4; i++) bytes.writeUInt8(bytes.readUInt8(i) ^ ((extra >>> (8 * i)) & 255), i)
  if (id.length === 32) return bytes
  const parts = /^.{32}\.([+-]?\d+)\.([+-]?\d+)$/.exec(id)
  if (parts === null) return none
  const [mid, last] = [parts[1], parts[2]].map(text => BigInt((text ?? '').replace('+', '')))
  if (mid === undefined || last === undefined) return none
  if ([mid, last].some(number => BigInt.asIntN(64, number) !== number)) return none
  const numbers = Buffer.alloc(16)
  numbers.writeInt32LE(Number(BigInt.asIntN(32, mid)), 4)
  numbers.writeBigInt64LE(last, 8)
  return bytes.map((byte, i) => byte ^ numbers.readUInt8(i)) as Buffer
}

function collectedSpanId(id: string, index: number): string {
  const bytes = collected(id, index)
  return Buffer.from(
    Array.from({ length: 8 }, (_, i) => bytes.readUInt8(i) ^ bytes.readUInt8(i + 8))
  ).toString('hex')
}

const hex32 = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 32, maxLength: 32 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const written = fc.oneof(
  int64,
  int64.map(number => (number.startsWith('-') ? number : `+${number}`)),
  int64.map(number => number.replace(/\d/, '00$&'))
)
const index = fc.nat(2 ** 31 - 1)

t.test('agents’ ids come to what the collector makes of them', async t => {
  fc.assert(
    fc.property(hex32, written, written, index, (uuid, thread, time, index) => {
      const id = `${uuid}.${thread}.${time}`
      if (id.length > 36) t.equal(skywalkingTraceId(id), Buffer.from(collected(id, 0)).toString('hex'))
      t.equal(skywalkingSpanId(id, index), collectedSpanId(id, index))
      t.equal(skywalkingSpanId(uuid, index), collectedSpanId(uuid, index))
      t.equal(skywalkingTraceId(uuid), uuid.toLowerCase())
    }),
    { numRuns: 200 }
  )
})

t.test('what the collector cannot read is hashed, and every part of it counts', async t => {
  for (const id of [
    `${uuid}.1`,
    `${uuid}.1.2.3`,
    `${uuid}..5`,
    `${uuid}.1.`,
    `${uuid}.1.99999999999999999999`,
    `${uuid}.9223372036854775808.1`,
    `${uuid}.1._5`,
    `${uuid}.0x1.5`,
    `${uuid}abcdef`,
    `z${uuid.slice(1)}.1.156004894404400`,
    `${uuid.slice(1)}.1.1560048944044000`,
    'é 漢',
    'x'
  ]) {
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    t.equal(skywalkingTraceId(id), digest(`sw8-trace:${id}`).slice(0, 32), id)
    t.equal(skywalkingSpanId(id, 3), digest(`sw8-span:${id}:3`).slice(0, 16), id)
  }
})

t.test('an id of agents that is short enough for a UUID is one or nothing to the collector', async t => {
  const short = `${uuid}.1.2`
  t.equal(
    skywalkingTraceId(short),
    createHash('sha256').update(`sw8-trace:${short}`).digest('hex').slice(0, 32)
  )
  t.equal(skywalkingSpanId(short, 1), collectedSpanId(short, 1))
})

t.test('a segment that is a span id is that span, and its first alone', async t => {
  t.equal(skywalkingSpanId('00f067aa0ba902b7', 0), '00f067aa0ba902b7')
  t.not(skywalkingSpanId('00f067aa0ba902b7', 1), '00f067aa0ba902b7')
})

t.test('no id is all zero', async t => {
  const one = (digits: number) => '1'.padStart(digits, '0')
  const zeros = '0'.repeat(32)
  t.equal(skywalkingTraceId(zeros), one(32))
  t.equal(skywalkingTraceId('00000000-0000-0000-0000-000000000000'), one(32))
  t.equal(skywalkingTraceId(`${zeros}.00000.0`), one(32))
  t.equal(skywalkingSpanId(zeros, 0), one(16))
  t.equal(skywalkingSpanId('a'.repeat(32), 0), one(16), 'both halves are the same')
  t.equal(skywalkingSpanId('00000000-fce3-4a37-aab9-b4ac3af7eedd', 0), one(16))
  t.equal(skywalkingSpanId('0'.repeat(16), 0), one(16))
  t.equal(eagleeyeTraceId('0'), one(32))
  t.equal(sofaTraceId('0'), one(32))
  t.equal(longSpanId('0'), one(16))
  t.equal(longSpanId('-0'), one(16))
})

t.test('EagleEye’s and SOFATracer’s ids of up to 32 digits are those digits', async t => {
  t.equal(eagleeyeTraceId('A'), 'a'.padStart(32, '0'))
  t.equal(eagleeyeTraceId('de5980b8-fce3-4a37-aab9-b4ac3af7eedd'), uuid)
  t.equal(sofaTraceId('0AD1348F1403169275002100356696'), '000ad1348f1403169275002100356696')
})

t.test('what is hashed under which name is frozen: it is part of the protocol', async t => {
  t.equal(skywalkingTraceId('de59'), 'b0bc690955cffe0485f753db68817613')
  t.equal(skywalkingSpanId('1.2.3', 4), 'a7ecaea3deee03cf')
  t.equal(eagleeyeTraceId('not-hex-id!'), 'fe0409531bb975c7f1b39265e309c541')
  t.equal(rpcSpanId('ac11000117422788513302623e007d', '0.1'), '2c101e34d2276ade')
  t.equal(
    sofaTraceId('not-hex-id!'),
    createHash('sha256').update('sofa-trace:not-hex-id!').digest('hex').slice(0, 32)
  )
})

t.test('a span id and its signed number are each other', async t => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter(number => number !== 0n),
      number => {
        const spanId = longSpanId(String(number))
        t.match(spanId, /^[0-9a-f]{16}$/)
        t.equal(spanIdLong(spanId ?? ''), String(number))
      }
    )
  )
  for (const bad of ['', '-', '+1', '1.0', ' 1', '9223372036854775808', '-9223372036854775809', '0x1']) {
    t.equal(longSpanId(bad), undefined, bad)
  }
})

t.test('each family has its own way, and 32 digits are themselves in all', async t => {
  for (const family of ['sw8', 'eagleeye', 'sofa'] as const) t.equal(canonicalTraceId(family, uuid), uuid)
  t.equal(
    new Set((['sw8', 'eagleeye', 'sofa'] as const).map(family => canonicalTraceId(family, 'x.y'))).size,
    3
  )
})
