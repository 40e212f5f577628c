import fc from 'fast-check'
import t from 'tap'
import { otlp } from '../../src/exporters/otlp.ts'
import { otlpJson } from '../../src/exporters/otlp-json.ts'
import { decodeJsonRequest, decodeRequest } from '../receiver.ts'
import { makeSpan, resource } from '../span.ts'
import { anySpan } from './any-span.ts'

t.test('it says of any spans what protobuf says of them, by the names of the protocol', async t => {
  fc.assert(
    fc.property(fc.array(anySpan, { maxLength: 6 }), spans => {
      const same = t.strictSame(
        decodeJsonRequest(otlpJson.encode(spans, resource)),
        decodeRequest(otlp.encode(spans, resource))
      )
      if (!same) throw new Error('a field differs')
    }),
    { numRuns: 60 }
  )
})

t.test('ids are hex, 64-bit integers texts, enums numbers, and what is empty is left out', async t => {
  const spans = [
    makeSpan({ traceId: 'AB'.repeat(16).toLowerCase(), error: true }),
    makeSpan({ parentId: undefined })
  ]
  const request = JSON.parse(otlpJson.encode(spans, resource).toString())
  t.match(request.resourceSpans[0].resource.attributes[0], {
    key: 'service.name',
    value: { stringValue: 'shop-gateway' }
  })
  const [failed, root] = request.resourceSpans[0].scopeSpans[0].spans
  t.match(failed, {
    traceId: 'ab'.repeat(16),
    spanId: /^[0-9a-f]{16}$/,
    parentSpanId: 'c'.repeat(16),
    kind: 2,
    startTimeUnixNano: '1763600000000250000',
    endTimeUnixNano: '1763600000012750000',
    status: { code: 2 },
    flags: 0x301
  })
  t.strictSame(failed.attributes[1], { key: 'http.response.status_code', value: { intValue: '200' } })
  for (const key of ['traceState', 'links', 'parentSpanId', 'status']) t.notOk(key in root, key)
})

t.test('numbers that JSON has no word for are called by their names', async t => {
  const attributes = ['a', Number.NaN, 'b', Number.NEGATIVE_INFINITY, 'c', 0.5]
  const [span] = JSON.parse(otlpJson.encode([makeSpan({ attributes })], resource).toString()).resourceSpans[0]
    .scopeSpans[0].spans
  t.strictSame(
    span.attributes.map((one: { value: object }) => one.value),
    [{ doubleValue: 'NaN' }, { doubleValue: '-Infinity' }, { doubleValue: 0.5 }]
  )
})

t.test('rejected spans are read from the answer, and any other bytes are none', async t => {
  const rejected = otlpJson.rejected ?? t.fail
  const answer = (value: unknown) => Buffer.from(JSON.stringify({ partialSuccess: { rejectedSpans: value } }))
  t.equal(rejected(answer('17')), 17)
  t.equal(rejected(answer(17)), 17, 'a number will do')
  for (const none of ['-1', -1, '1e3', '99999999999999999999', 'all', true, null, {}, 0.5]) {
    t.equal(rejected(answer(none)), 0, JSON.stringify(none))
  }
  for (const text of ['', '{}', 'null', '[]', '"x"', '{"partialSuccess":null}', '<html>502</html>', '{']) {
    t.equal(rejected(Buffer.from(text)), 0, text)
  }
})
