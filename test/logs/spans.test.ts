import t from 'tap'
import type { Span } from '../../src/exporters/exporter.ts'
import { timeOf } from '../../src/logs/entry.ts'
import { logFormats } from '../../src/logs/find.ts'
import { createTeller } from '../../src/logs/spans.ts'
import { routeOf } from '../report/outcomes.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

function tell(
  fields: Readonly<Record<string, unknown>>,
  map: ReadonlyMap<string, string> = new Map(),
  find = () => undefined as ReturnType<typeof routeOf> | undefined
) {
  const take = logFormats.get('json')?.reader(undefined)
  if (typeof take !== 'function') throw new Error('no reader')
  const whole = {
    end: 1_795_000_000.5,
    duration: 0.5,
    method: 'GET',
    url: '/orders/7',
    status: 200,
    ...fields
  }
  return createTeller({ take, map, find })(JSON.stringify(whole))
}

function spanOf(...told: Parameters<typeof tell>): Span {
  const result = tell(...told)
  if (!('span' in result)) throw new Error(JSON.stringify(result))
  return result.span
}

t.test('a logged trace header is continued: the span is the caller’s child, in its trace', async t => {
  t.match(spanOf({ http_traceparent: `00-${traceId}-${spanId}-01`, http_tracestate: 'a=b' }), {
    traceId,
    parentId: spanId,
    parentIsRemote: true,
    tracestate: 'a=b',
    kind: 'server',
    name: 'GET /orders/{id}',
    start: 1_795_000_000_000,
    end: 1_795_000_000_500
  })
  t.match(spanOf({ http_b3: `${traceId}-${spanId}-1` }), { traceId, parentId: spanId })
  t.match(spanOf({ 'X-Amzn-Trace-Id': 'Root=1-58337262-36d228ad5d99923122bbe354' }), {
    traceId: '5833726236d228ad5d99923122bbe354',
    parentId: undefined
  })
})

t.test('a gateway that has spans of its own names them', async t => {
  t.match(spanOf({ trace_id: traceId, span_id: spanId, parent_id: '00f067aa0ba902b7' }), {
    traceId,
    spanId,
    parentId: '00f067aa0ba902b7'
  })
  t.match(spanOf({ trace_id: '0AF76519-16CD-43DD-8448-EB211C80319C' }), { traceId })
  t.match(spanOf({ trace_id: '8448eb211c80319c' }), { traceId: '00000000000000008448eb211c80319c' })
})

t.test('a span is never its own parent', async t => {
  const parent = '00f067aa0ba902b7'
  // The gateway logs the header that it sent: the span in it is its own.
  t.match(spanOf({ http_b3: `${traceId}-${spanId}-1-${parent}`, span_id: spanId }), {
    spanId,
    parentId: parent
  })
  t.match(spanOf({ http_traceparent: `00-${traceId}-${spanId}-01`, span_id: spanId }), {
    spanId,
    parentId: undefined
  })
  t.match(spanOf({ trace_id: traceId, span_id: spanId, parent_id: spanId }), { spanId, parentId: undefined })
})

t.test('Envoy’s 7 are milliseconds', async t => {
  const { start, end } = spanOf({
    ...{ trace_id: traceId, end: undefined, start_time: '2026-11-20T11:30:00.000Z' },
    ...{ status: undefined, response_code: 200, duration: 7 }
  })
  t.equal(end - start, 7)
})

t.test('the same line is the same span, another is another', async t => {
  const fields = { trace_id: traceId }
  t.equal(spanOf(fields).spanId, spanOf(fields).spanId)
  t.not(spanOf(fields).spanId, spanOf({ ...fields, url: '/orders/8' }).spanId)
})

t.test('lines without a trace, of one that is not kept, or without sense are told apart', async t => {
  t.strictSame(tell({}), { skipped: 'no trace' })
  for (const id of ['', '-', 'x', '0'.repeat(32), 'a'.repeat(33)])
    t.strictSame(tell({ trace_id: id }), { skipped: 'no trace' }, id)
  t.strictSame(tell({ traceparent: `00-${traceId}-${spanId}-00` }), { skipped: 'not kept' })
  t.strictSame(tell({ trace_id: traceId, sampled: '0' }), { skipped: 'not kept' })
  t.strictSame(tell({ trace_id: traceId, status: 'x' }), { bad: 'no status' })
  t.strictSame(tell({ trace_id: traceId, end: 'yesterday' }), { bad: 'no time' })
  t.strictSame(tell({ trace_id: traceId, method: undefined }), { bad: 'no request' })
})

t.test('--map says what a field is called', async t => {
  const map = new Map([
    ['trace_id', 'tid'],
    ['header.b3', 'zipkin']
  ])
  t.match(spanOf({ tid: traceId }, map), { traceId })
  t.match(spanOf({ zipkin: `${traceId}-${spanId}-1` }, map), { traceId, parentId: spanId })
  const seconds = new Map([['duration', 'took']])
  const { start, end } = spanOf({ trace_id: traceId, response_flags: 'UH', took: 0.25 }, seconds)
  t.equal(end - start, 250, 'and goes before what is known of a writer')
})

t.test('routes of rules name the span, secrets in queries are not told', async t => {
  const span = spanOf(
    { trace_id: traceId, url: 'https://shop.example.com/orders/7?token=x&a=1' },
    new Map(),
    () => routeOf()
  )
  const attributes = new Map<unknown, unknown>()
  for (let i = 0; i < span.attributes.length; i += 2)
    attributes.set(span.attributes[i], span.attributes[i + 1])
  t.equal(span.name, 'GET /orders/{id}')
  t.equal(attributes.get('url.query'), 'token=REDACTED&a=1')
  t.equal(attributes.get('url.scheme'), 'https')
  t.equal(attributes.get('server.address'), 'shop.example.com')
  t.equal(attributes.get('tracebridge.sampling.reason'), 'log')
})

t.test('times as logs write them', async t => {
  for (const [text, ms] of [
    ['20/Nov/2026:11:30:00 +0000', Date.UTC(2026, 10, 20, 11, 30)],
    ['20/Nov/2026:13:30:00 +0200', Date.UTC(2026, 10, 20, 11, 30)],
    ['2026-11-20T11:30:00.250Z', Date.UTC(2026, 10, 20, 11, 30, 0, 250)],
    ['1795000000', 1_795_000_000_000],
    ['1795000000.125', 1_795_000_000_125],
    ['1795000000125', 1_795_000_000_125],
    ['1795000000125000', 1_795_000_000_125],
    ['1795000000125000000', 1_795_000_000_125],
    ['20/Nuv/2026:11:30:00 +0000', undefined],
    ['2026-13-45T99:00:00Z', undefined],
    ['soon', undefined]
  ] as const)
    t.equal(timeOf(text), ms, text)
})
