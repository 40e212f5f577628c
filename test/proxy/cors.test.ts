import fc from 'fast-check'
import t from 'tap'
import { amendPreflight, corsRequest, permit, preflightFields } from '../../src/proxy/cors.ts'
import { fieldOf } from '../../src/proxy/fields.ts'
import type { Cors } from '../../src/rules/rules.ts'

const page = 'https://shop.example.com'

function cors(differing: Partial<Cors> = {}): Cors {
  return {
    allows: origin => origin === page,
    credentials: false,
    mode: 'answer',
    dialectFields: ['traceparent', 'tracestate', 'b3', 'baggage'],
    headers: 'any',
    methods: 'any',
    expose: [],
    maxAgeSeconds: 600,
    ...differing
  }
}

function reading(fields: Readonly<Record<string, string>>) {
  return (name: string) => fields[name]
}

const preflight = reading({
  origin: page,
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'content-type, traceparent, X-Tenant'
})
const allowed = { origin: page, allowed: true, preflight: true }
const refused = { origin: 'https://evil.example', allowed: false, preflight: true }

t.test('a request without Origin is no page’s', async t => {
  t.equal(corsRequest(cors(), 'GET', reading({})), undefined)
})

t.test('a preflight is an OPTIONS with an origin and a method asked for', async t => {
  t.strictSame(corsRequest(cors(), 'OPTIONS', preflight), allowed)
  t.match(corsRequest(cors(), 'GET', preflight), { preflight: false })
  t.match(corsRequest(cors(), 'OPTIONS', reading({ origin: page })), { preflight: false })
})

t.test('what is no origin gets no permission, even where every origin does', async t => {
  const every = cors({ allows: () => true })
  const allows = (origin: string) => corsRequest(every, 'GET', reading({ origin }))?.allowed
  for (const origin of [page, 'null', 'http://[::1]:8080', 'http://localhost:3000', 'app://x.y', 'file://'])
    t.ok(allows(origin), origin)
  for (const origin of [
    '',
    'shop.example.com',
    `${page},${page}`,
    `${page} x`,
    `${page}/path`,
    'https://\xe9.example',
    `https://${'a'.repeat(300)}`
  ])
    t.notOk(allows(origin), origin)
})

t.test('a preflight is told of the dialects’ fields, and of what it asked for', async t => {
  const fields = preflightFields(cors(), allowed, preflight)
  t.equal(fieldOf(fields, 'access-control-allow-origin'), page)
  t.equal(fieldOf(fields, 'access-control-allow-credentials'), undefined)
  t.equal(fieldOf(fields, 'access-control-allow-methods'), 'PUT')
  t.equal(
    fieldOf(fields, 'access-control-allow-headers'),
    'traceparent, tracestate, b3, baggage, content-type, X-Tenant'
  )
  t.equal(fieldOf(fields, 'access-control-max-age'), '600')
  t.equal(fieldOf(fields, 'vary'), 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers')
})

t.test('fields and methods that the rule does not name are not granted', async t => {
  const strict = cors({ headers: new Set(['x-tenant']), methods: ['GET', 'POST'], maxAgeSeconds: 0 })
  const fields = preflightFields(strict, allowed, preflight)
  t.equal(fieldOf(fields, 'access-control-allow-methods'), 'GET, POST')
  t.equal(fieldOf(fields, 'access-control-allow-headers'), 'traceparent, tracestate, b3, baggage, X-Tenant')
  t.equal(fieldOf(fields, 'access-control-max-age'), undefined)
})

t.test('an origin without permission is told nothing, but caches are', async t => {
  t.strictSame(preflightFields(cors(), refused, preflight), [
    'Vary',
    'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'
  ])
})

t.test('whatever a preflight asks for, only tokens are repeated, and not without end', async t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 200 }),
      (method, headers) => {
        const read = reading({
          'access-control-request-method': method,
          'access-control-request-headers': headers
        })
        return preflightFields(cors(), allowed, read).every(part =>
          /^[\x21-\x7e]+(?:, [\x21-\x7e]+)*$/.test(part)
        )
      }
    )
  )
  const many = Array.from({ length: 500 }, (_, i) => `x-${i}`).join(',')
  const fields = preflightFields(cors(), allowed, reading({ 'access-control-request-headers': many }))
  t.ok((fieldOf(fields, 'access-control-allow-headers') ?? '').split(',').length <= 104)
})

t.test('in mode answer the upstream’s permission is replaced, whoever asks', async t => {
  for (const request of [allowed, refused]) {
    const fields = ['access-control-allow-ORIGIN', '*', 'Access-Control-Allow-Foo', '1', 'X-A', '1']
    permit(cors({ credentials: true, expose: ['x-total'] }), request, false, fields)
    t.strictSame(
      fields,
      request.allowed
        ? [
            'X-A',
            '1',
            'Vary',
            'Origin',
            'Access-Control-Allow-Origin',
            page,
            'Access-Control-Allow-Credentials',
            'true',
            'Access-Control-Expose-Headers',
            'x-total'
          ]
        : ['X-A', '1', 'Vary', 'Origin']
    )
  }
})

t.test('in mode amend the upstream’s permission stays, and is completed', async t => {
  const amend = cors({ mode: 'amend', expose: ['traceresponse', 'x-total'] })
  const fields = [
    'Access-Control-Allow-Origin',
    '*',
    'vary',
    'accept, origin',
    'Access-Control-Expose-Headers',
    'X-Total'
  ]
  permit(amend, allowed, true, fields)
  t.strictSame(fields, [
    'Access-Control-Allow-Origin',
    '*',
    'vary',
    'accept, origin',
    'Access-Control-Expose-Headers',
    'X-Total',
    'Access-Control-Expose-Headers',
    'traceresponse',
    'Timing-Allow-Origin',
    page
  ])
})

t.test('where cookies come along a permission for everybody becomes one for this page', async t => {
  const amend = cors({ mode: 'amend', credentials: true })
  for (const [said, becomes] of [
    ['*', page],
    [page, page],
    ['https://other.example', 'https://other.example']
  ] as const) {
    const fields = ['Access-Control-Allow-Origin', said]
    permit(amend, allowed, false, fields)
    t.equal(fieldOf(fields, 'access-control-allow-origin'), becomes)
    t.equal(fieldOf(fields, 'access-control-allow-credentials'), becomes === page ? 'true' : undefined)
  }
})

t.test('what an upstream answers to a preflight is completed with the dialects’ fields', async t => {
  const amend = cors({ mode: 'amend' })
  const said = ['Access-Control-Allow-Methods', 'PUT', 'Access-Control-Allow-Headers', 'Content-Type, B3']
  amendPreflight(amend, allowed, preflight, said)
  t.equal(fieldOf(said, 'access-control-allow-methods'), 'PUT')
  t.equal(
    fieldOf(said, 'access-control-allow-headers'),
    'Content-Type, B3,traceparent, tracestate, baggage, X-Tenant'
  )
  const silent: string[] = []
  amendPreflight(amend, allowed, preflight, silent)
  t.equal(fieldOf(silent, 'access-control-allow-origin'), page)
  t.equal(fieldOf(silent, 'access-control-allow-methods'), 'PUT')
  const all = ['Access-Control-Allow-Headers', '*']
  amendPreflight(amend, allowed, preflight, all)
  t.equal(fieldOf(all, 'access-control-allow-headers'), '*', 'everything includes them')
  const stranger: string[] = []
  amendPreflight(amend, refused, preflight, stranger)
  t.equal(stranger.length, 2, 'Vary alone')
})
