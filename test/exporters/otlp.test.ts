import fc from 'fast-check'
import t from 'tap'
import type { Span } from '../../src/exporters/exporter.ts'
import { otlp } from '../../src/exporters/otlp.ts'
import { version } from '../../src/version.ts'
import { decodeRequest, encodePartialSuccess, type SeenValue } from '../receiver.ts'
import { makeSpan, resource } from '../span.ts'
import { anySpan, wellFormed } from './any-span.ts'

function shown(value: Span['attributes'][number] | undefined): SeenValue {
  if (typeof value === 'string') return wellFormed(value)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return { int: String(value) }
  if (typeof value === 'object') return value.map(wellFormed)
  return value
}

function pairs(span: Span): Map<string, SeenValue> {
  const map = new Map<string, SeenValue>()
  for (let i = 0; i < span.attributes.length; i += 2)
    map.set(wellFormed(String(span.attributes[i])), shown(span.attributes[i + 1]))
  return map
}

function near(nanos: string, ms: number): boolean {
  const whole = Math.floor(ms)
  const exact = BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))
  const off = BigInt(nanos) - exact
  return off > -1000n && off < 1000n
}

t.test("OpenTelemetry's decoder reads back every field of any spans", async t => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 6 }), spans => {
      const decoded = decodeRequest(otlp.encode(spans, resource))
      if (decoded.length !== spans.length) throw new Error(`${decoded.length} of ${spans.length}`)
      spans.forEach((span, i) => {
        const { startTimeUnixNano = '0', endTimeUnixNano = '0', ...seen } = decoded[i] ?? {}
        const remote = span.parentIsRemote && span.parentId !== undefined ? 0x200 : 0
        const same = t.strictSame(seen, {
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentId ?? '',
          traceState: span.tracestate,
          flags: span.flags | 0x100 | remote,
          name: wellFormed(span.name),
          kind: span.kind === 'server' ? 2 : 3,
          attributes: pairs(span),
          links: (span.links ?? []).map(link => ({
            traceId: link.traceId,
            spanId: link.spanId,
            flags: 0x300,
            attributes: new Map([
              ['tracebridge.link.reason', link.reason],
              ['tracebridge.dialect', link.dialect]
            ])
          })),
          statusCode: span.error ? 2 : 0,
          resource: new Map([
            ['service.name', 'shop-gateway'],
            ['service.version', '1.4.2'],
            ['service.instance.id', 'gw-1'],
            ['telemetry.sdk.name', 'tracebridge'],
            ['telemetry.sdk.language', 'nodejs'],
            ['telemetry.sdk.version', version]
          ]),
          scope: 'tracebridge'
        })
        if (!same || !near(startTimeUnixNano, span.start) || !near(endTimeUnixNano, span.end))
          throw new Error('a field differs')
      })
    }),
    { numRuns: 150 }
  )
})

t.test('times keep their microseconds', async t => {
  const [seen] = decodeRequest(
    otlp.encode([makeSpan({ start: 1_763_600_000_123.25, end: 1_763_600_000_999.9998 })], resource)
  )
  t.equal(seen?.startTimeUnixNano, '1763600000123250000')
  t.match(seen?.endTimeUnixNano, /^1763600000999999[5-9]\d\d$|^1763600001000000000$/)
})

t.test('a time that is none becomes the epoch, not an exception', async t => {
  for (const start of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    const [seen] = decodeRequest(otlp.encode([makeSpan({ start })], resource))
    t.equal(seen?.startTimeUnixNano, '0')
  }
})

t.test(
  'a batch far beyond the first buffer comes out whole, and the next one does not carry it along',
  async t => {
    const large = Array.from({ length: 300 }, () => makeSpan({ name: 'x'.repeat(5000) }))
    t.equal(decodeRequest(otlp.encode(large, resource)).length, 300)
    t.equal(decodeRequest(otlp.encode([makeSpan()], resource)).length, 1)
  }
)

t.test('encoded bytes are a copy that the next encoding leaves alone', async t => {
  const first = otlp.encode([makeSpan({ name: 'first' })], resource)
  otlp.encode([makeSpan({ name: 'other' })], resource)
  t.equal(decodeRequest(first)[0]?.name, 'first')
})

t.test('rejected spans are read from the answer as a collector writes it', async t => {
  const rejected = otlp.rejected ?? t.fail
  for (const count of [0, 1, 127, 128, 300, 2 ** 40])
    t.equal(rejected(encodePartialSuccess(count, 'quota of tenant')), count)
  t.equal(rejected(Buffer.alloc(0)), 0, 'an empty answer rejects nothing')
})

t.test('an answer of any bytes is a count, never an exception', async t => {
  const rejected = otlp.rejected ?? t.fail
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 30 }).map(inner => Uint8Array.of(0x0a, inner.length, ...inner)),
    fc.uint8Array({ maxLength: 30 }).map(inner => Uint8Array.of(0x0a, inner.length + 2, 0x08, 5, ...inner))
  )
  fc.assert(
    fc.property(bytes, answer => {
      const count = rejected(Buffer.from(answer))
      return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0
    }),
    { numRuns: 500 }
  )
  t.equal(rejected(encodePartialSuccess(-1)), 0, 'a negative count rejects nothing')
  t.equal(rejected(Buffer.from('<html>502</html>')), 0)
})
