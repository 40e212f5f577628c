import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { b3 } from '../../src/dialects/b3.ts'
import { jaeger } from '../../src/dialects/jaeger.ts'
import { w3c } from '../../src/dialects/w3c.ts'
import { accessLine, hasLine } from '../../src/report/access-line.ts'
import type { Outcome } from '../../src/report/outcome.ts'
import { policyOf } from '../mediate/policies.ts'
import { outcomeOf, routeOf, spanId, target, traceId, untraced } from './outcomes.ts'

function entryOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  return JSON.parse(accessLine(outcome))
}

t.test('a line says what a person looks for', async t => {
  const entry = entryOf(outcomeOf())
  t.match(entry['span_id'], /^[0-9a-f]{16}$/)
  t.not(entry['span_id'], spanId)
  t.strictSame(
    { ...entry, span_id: '' },
    {
      time: '2026-01-02T03:04:05.006Z',
      method: 'GET',
      scheme: 'http',
      host: 'shop.example.com',
      path: '/orders/7',
      status: 200,
      duration_ms: 12.5,
      bytes: 42,
      client: '10.0.0.9',
      route: '/orders/{id}',
      upstream: 'orders',
      target: 'http://orders:8080',
      trace_id: traceId,
      span_id: '',
      sampled: true,
      dialect: 'w3c'
    }
  )
})

t.test('tags of the target that served last, and the failure', async t => {
  const tags = new Map([['service.tag', 'gray']])
  const entry = entryOf(
    outcomeOf({ status: 502, failure: 'UPSTREAM_RESET' }, { tries: [{}, { target: { ...target, tags } }] })
  )
  t.match(entry, { status: 502, failure: 'UPSTREAM_RESET', tags: { 'service.tag': 'gray' } })
})

t.test('a request by TLS says so, and what the certificate of its caller calls it', async t => {
  const entry = entryOf(outcomeOf({ scheme: 'https', identity: 'orders.shop.svc' }))
  t.match(entry, { scheme: 'https', identity: 'orders.shop.svc' })
})

t.test('a trace that is dropped is in the line all the same', async t => {
  const headers = [['traceparent', `00-${traceId}-${spanId}-00`]] as const
  t.match(entryOf(outcomeOf({}, { headers })), { trace_id: traceId, sampled: false })
})

t.test('the trace id in every emitted dialect whose form differs, and in no other', async t => {
  const headers = [['b3', `a3ce929d0e0e4736-${spanId}-1`]] as const
  const idsOf = (emit: Parameters<typeof policyOf>[0]) => {
    const entry = entryOf(outcomeOf({ route: routeOf({ policy: policyOf(emit) }) }, { headers }))
    return Object.fromEntries(Object.entries(entry).filter(([key]) => key.startsWith('trace_id')))
  }
  const wide = '0000000000000000a3ce929d0e0e4736'
  t.strictSame(idsOf({ emit: [w3c] }), { trace_id: wide })
  t.strictSame(idsOf({ emit: [w3c, b3, jaeger] }), {
    trace_id: wide,
    trace_id_b3: 'a3ce929d0e0e4736',
    trace_id_jaeger: 'a3ce929d0e0e4736'
  })
})

t.test('garbage is named by dialect and reason, none of its bytes', async t => {
  const headers = [['traceparent', 'evil"\u2028garbage']] as const
  const line = accessLine(outcomeOf({}, { headers }))
  t.match(JSON.parse(line), { malformed: { w3c: 'bad-version' } })
  t.notMatch(line, 'evil')
})

t.test('no query, for it carries what should not be kept', async t => {
  t.notMatch(accessLine(outcomeOf({ query: 'sig=open-sesame' })), 'open-sesame')
})

t.test('a request that touched no trace has a line without ids', async t => {
  const entry = entryOf(untraced({ route: undefined, status: 404, failure: 'ROUTE_NOT_FOUND' }))
  t.match(entry, { status: 404, failure: 'ROUTE_NOT_FOUND' })
  t.equal('trace_id' in entry, false)
})

t.test('whatever bytes the caller sent, it is one line of JSON that no terminal obeys', async t => {
  const controls = fc.constantFrom(
    '\n',
    '\r',
    '\0',
    '\x1b[2J',
    '\x7f',
    '\x85',
    '\x9b2J',
    '\u2028',
    '\u2029',
    '"',
    '\\'
  )
  const text = fc.array(fc.oneof(controls, fc.string({ unit: 'binary', maxLength: 9 })), { maxLength: 40 })
  fc.assert(
    fc.property(text, text, text, text, (host, path, method, header) => {
      const line = accessLine(
        outcomeOf(
          { host: host.join(''), path: `/${path.join('')}`, method: method.join('') },
          { headers: [['b3', header.join('')]] }
        )
      )
      assert(!/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(line), JSON.stringify(line))
      const entry: Readonly<Record<string, unknown>> = JSON.parse(line)
      assert.equal(entry['host'], host.join('').slice(0, 256).toWellFormed())
      assert.equal(entry['method'], method.join('').slice(0, 256).toWellFormed())
    })
  )
  t.pass('every request')
})

t.test(
  'a share of requests has lines: the traces that a lower sample rate keeps, every error, and what is kept late',
  async t => {
    const half = { format: 'json', to: 'stdout', rate: 0.5 } as const
    const of = (low: string, differing: Partial<Outcome> = {}) =>
      outcomeOf(differing, { headers: [['traceparent', `00-4bf92f3577b34da6a3${low}-${spanId}-01`]] })
    t.equal(hasLine(of('80000000000000'), half), true)
    t.equal(hasLine(of('7fffffffffffff'), half), false)
    t.equal(hasLine(of('7fffffffffffff', { status: 503 }), half), true)
    t.equal(hasLine(of('7fffffffffffff', { status: 499, failure: 'CALLER_GONE' }), half), true)
    t.equal(hasLine(of('00000000000000'), { ...half, rate: 1 }), true)
    t.equal(hasLine(of('ffffffffffffff'), { ...half, rate: 0 }), false)
    t.equal(hasLine(of('00000000000000'), { ...half, rate: 0 }, 'slow'), true, 'its spans are reported')
    t.equal(hasLine(of('00000000000000'), { ...half, to: 'none' }, 'slow'), false)
    t.equal(hasLine(untraced(), { ...half, rate: 0 }), false)
    t.equal(hasLine(untraced({ status: 503 }), { ...half, to: 'none' }), false)
  }
)
