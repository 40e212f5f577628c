import fc from 'fast-check'
import t from 'tap'
import { type Header, loadSeen } from '../../src/echo/seen.ts'

const seen = await loadSeen()
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const sampled = { traceId, spanId, sampled: true }
const nothing = { w3c: null, b3: null, b3multi: null, jaeger: null }

t.test('each dialect is read from its own fields alone', async t => {
  t.same(seen([]), nothing)
  t.same(seen([['traceparent', `00-${traceId}-${spanId}-01`]]), { ...nothing, w3c: sampled })
  t.same(seen([['b3', `${traceId}-${spanId}-1`]]), { ...nothing, b3: sampled })
  t.same(seen([['uber-trace-id', `${traceId}:${spanId}:0:1`]]), { ...nothing, jaeger: sampled })
  const multi: readonly Header[] = [
    ['X-B3-TraceId', traceId],
    ['X-B3-SpanId', spanId],
    ['X-B3-Sampled', '1']
  ]
  t.same(seen(multi), { ...nothing, b3multi: sampled }, 'the single-header propagator is not shown X-B3-*')
  const both: readonly Header[] = [...multi, ['b3', `${'1'.repeat(32)}-${'2'.repeat(16)}-0`]]
  t.same(seen(both).b3multi, sampled, 'and a single header does not hide X-B3-*')
  t.same(seen(both).b3, { traceId: '1'.repeat(32), spanId: '2'.repeat(16), sampled: false })
})

t.test('names are read in any case, ids come out in lower case', async t => {
  t.same(seen([['UBER-Trace-ID', `${traceId.toUpperCase()}:${spanId.toUpperCase()}:0:1`]]).jaeger, sampled)
})

t.test('two lines of one field are joined, as an SDK behind an HTTP server sees them', async t => {
  const line: Header = ['traceparent', `00-${traceId}-${spanId}-01`]
  t.equal(seen([line, line]).w3c, null)
})

t.test('ids that the Jaeger propagator lets through unchecked are no context', async t => {
  t.equal(seen([['uber-trace-id', 'zzz:yyy:0:1']]).jaeger, null)
  t.equal(seen([['uber-trace-id', '0:0:0:1']]).jaeger, null)
})

t.test('no bytes make it throw, and what it reads is always a valid place', async t => {
  const name = fc.oneof(
    fc.constantFrom('traceparent', 'tracestate', 'b3', 'X-B3-TraceId', 'X-B3-SpanId', 'X-B3-Flags'),
    fc.constantFrom('uber-trace-id', 'uberctx-a', '__proto__', 'constructor'),
    fc.string()
  )
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF-:%,d '), maxLength: 80 }),
    fc.constantFrom(traceId, spanId, '%', '%E0%A4%A', `${traceId}:${spanId}:0:1`)
  )
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), headers => {
        return Object.values(seen(headers)).every(
          place =>
            place === null || (/^[0-9a-f]{32}$/.test(place.traceId) && /^[0-9a-f]{16}$/.test(place.spanId))
        )
      }),
      { numRuns: 500 }
    )
  )
})
