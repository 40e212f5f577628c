// A trace that begins in a browser must not be lost in a preflight; and only pages with permission learn of spans.
import t, { type Test } from 'tap'
import { type Field, type Message, valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { ask, statusOf } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const page = 'https://shop.example.com'
const stranger = 'https://evil.example'
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

/** As Chromium sends it. */
function preflight(origin: string, headers = 'traceparent,tracestate,b3', method = 'GET'): readonly Field[] {
  return [
    ['Accept', '*/*'],
    ['Access-Control-Request-Method', method],
    ['Access-Control-Request-Headers', headers],
    ['Origin', origin],
    ['Sec-Fetch-Mode', 'cors'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['Sec-Fetch-Dest', 'empty']
  ]
}

/** Whether a browser would let the real request follow. https://fetch.spec.whatwg.org/#cors-preflight-fetch */
function lets(answer: Message, origin: string, headers: readonly string[], method: string): boolean {
  const list = (name: string) => (valueIn(answer, name) ?? '').split(',').map(part => part.trim())
  const status = statusOf(answer)
  return (
    status >= 200 &&
    status < 300 &&
    valueIn(answer, 'access-control-allow-origin') === origin &&
    (['GET', 'HEAD', 'POST'].includes(method) || list('access-control-allow-methods').includes(method)) &&
    headers.every(name =>
      list('access-control-allow-headers').some(one => one.toLowerCase() === name.toLowerCase())
    )
  )
}

async function behind(t: Test, rules: string, respond?: Respond) {
  const origin = await startOrigin(t, respond)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
${rules}
`
  )
  return { ...gateway, origin, receiver }
}

const route = 'routes: [{ match: { path: /** }, upstream: origin }]'

t.test('a browser’s preflight is answered so that the real request may follow', async t => {
  const { port, origin, receiver, adminUrl } = await behind(
    t,
    `cors: { origins: ["${page}"], credentials: true }\n${route}`
  )
  const answer = await ask(t, port, { method: 'OPTIONS', path: '/cart', fields: preflight(page) })
  t.equal(statusOf(answer), 204)
  t.ok(lets(answer, page, ['traceparent', 'tracestate', 'b3'], 'GET'))
  t.equal(valueIn(answer, 'access-control-allow-credentials'), 'true')
  t.match(valueIn(answer, 'vary'), /Origin/)
  t.equal(valueIn(answer, 'access-control-max-age'), '600')
  t.equal(origin.requests.length, 0, 'the upstream is not asked')

  const real = await ask(t, port, {
    path: '/cart',
    fields: [
      ['Origin', page],
      ['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]
    ]
  })
  t.equal(valueIn(real, 'access-control-allow-origin'), page)
  t.equal(valueIn(real, 'access-control-allow-credentials'), 'true')
  t.match(valueIn(origin.last(), 'traceparent'), new RegExp(`^00-${traceId}-`))
  const spans = await receiver.received(2)
  t.ok(
    spans.every(span => span.traceId === traceId),
    'the preflight made no span'
  )
  t.equal(await metric(adminUrl, 'tracebridge_spans_recorded_total'), 2)
  t.equal(await metric(adminUrl, 'tracebridge_context_total'), 1, 'nor was it counted among traces')
  t.equal(await metric(adminUrl, 'http_server_request_duration_seconds_count'), 2, 'but as a request it was')
})

t.test('a preflight for a route of one method goes to that route', async t => {
  const { port } = await behind(
    t,
    `
cors: { origins: ["${page}"] }
routes: [{ match: { path: "/orders/{id}", method: PUT }, upstream: origin }]
`
  )
  const asked = { method: 'OPTIONS', path: '/orders/1' }
  const answer = await ask(t, port, { ...asked, fields: preflight(page, 'traceparent', 'PUT') })
  t.ok(lets(answer, page, ['traceparent'], 'PUT'))
  t.equal(statusOf(await ask(t, port, { ...asked, fields: preflight(page, 'x', 'DELETE') })), 404)
  t.equal(statusOf(await ask(t, port, asked)), 404, 'an OPTIONS of itself is a request like any other')
})

t.test('an origin without permission is served, and gets none', async t => {
  const { port, origin } = await behind(
    t,
    `cors: { origins: ["${page}", "https://*.shop.example.com"] }\nrespond: [server-timing, traceresponse]\ntrust: [{ from: any, context: restart }]\n${route}`,
    () => 'HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok'
  )
  for (const name of [stranger, 'https://shop.example.com.evil.example', 'http://shop.example.com', 'null']) {
    const answer = await ask(t, port, { fields: [['Origin', name]] })
    t.equal(answer.body.toString(), 'ok')
    t.equal(valueIn(answer, 'access-control-allow-origin'), undefined, name)
    t.equal(valueIn(answer, 'traceresponse'), undefined)
    t.equal(valueIn(answer, 'server-timing'), undefined)
    t.match(valueIn(answer, 'vary'), /Origin/)
    const asked = await ask(t, port, { method: 'OPTIONS', fields: preflight(name) })
    t.notOk(lets(asked, name, [], 'GET'))
  }
  t.equal(origin.requests.length, 4)
  const below = await ask(t, port, { fields: [['Origin', 'https://a.b.shop.example.com']] })
  t.equal(valueIn(below, 'access-control-allow-origin'), 'https://a.b.shop.example.com')
})

t.test('answers without an Origin vary by it all the same', async t => {
  const { port } = await behind(t, `cors: { origins: ["${page}"] }\n${route}`)
  const answer = await ask(t, port)
  t.equal(valueIn(answer, 'vary'), 'Origin')
  t.equal(valueIn(answer, 'access-control-allow-origin'), undefined)
})

t.test('the span is told to callers that are trusted or allowed, and to no others', async t => {
  const rules = (trust: string) =>
    `cors: { origins: ["${page}"], expose: [x-total] }\nrespond: [server-timing, traceresponse]\ntrust: [{ from: any, context: ${trust} }]\n${route}`
  const strange = await behind(
    t,
    rules('restart'),
    () => 'HTTP/1.1 200 OK\r\ntraceresponse: 00-theirs\r\nContent-Length: 0\r\n\r\n'
  )
  const allowed = await ask(t, strange.port, { fields: [['Origin', page]] })
  const sent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-03$/
  const [, id] = sent.exec(valueIn(allowed, 'traceresponse') ?? '') ?? []
  t.ok(id, 'one traceresponse, and it is the gateway’s')
  t.match(valueIn(strange.origin.last(), 'traceparent'), id)
  t.match(valueIn(allowed, 'server-timing'), `traceparent;desc="00-${id}-`)
  t.equal(valueIn(allowed, 'timing-allow-origin'), page)
  t.equal(valueIn(allowed, 'access-control-expose-headers'), 'x-total, traceresponse')
  const plain = await ask(t, strange.port)
  t.equal(valueIn(plain, 'server-timing'), undefined)

  const trusted = await behind(t, rules('continue'))
  const answer = await ask(t, trusted.port, {
    fields: [['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]]
  })
  t.match(valueIn(answer, 'traceresponse'), new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
  const spans = await trusted.receiver.received(2)
  const server = spans.find(span => span.kind === 2)
  t.equal(valueIn(answer, 'traceresponse'), `00-${traceId}-${server?.spanId}-01`, 'the server span')
})

t.test('failures are readable for pages with permission', async t => {
  const { port } = await behind(t, `cors: { origins: ["${page}"] }\n${route}`, (_, socket) => {
    socket.destroy()
    return undefined
  })
  const answer = await ask(t, port, { fields: [['Origin', page]] })
  t.equal(statusOf(answer), 502)
  t.equal(valueIn(answer, 'access-control-allow-origin'), page)
})

t.test('in mode amend the upstream answers preflights, and the dialects’ fields join in', async t => {
  const { port, origin, adminUrl } = await behind(
    t,
    `cors: { origins: ["${page}"], mode: amend, headers: [] }\n${route}`,
    ({ start }) =>
      start.startsWith('OPTIONS')
        ? `HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: ${page}\r\nAccess-Control-Allow-Methods: PUT\r\nAccess-Control-Allow-Headers: X-Tenant\r\n\r\n`
        : `HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: ${page}\r\nContent-Length: 2\r\n\r\nok`
  )
  const fields = [...preflight(page, 'x-tenant,traceparent,b3', 'PUT'), ['traceparent', 'junk'] as const]
  const answer = await ask(t, port, { method: 'OPTIONS', fields })
  t.ok(lets(answer, page, ['x-tenant', 'traceparent', 'b3'], 'PUT'))
  t.equal(origin.requests.length, 1)
  t.equal(valueIn(origin.last(), 'origin'), page, 'it sees the preflight whole')
  t.equal(valueIn(origin.last(), 'traceparent'), undefined, 'in which no ids are minted')
  t.equal(await metric(adminUrl, 'tracebridge_spans_recorded_total'), 0)
  const real = await ask(t, port, { fields: [['Origin', page]] })
  t.equal(valueIn(real, 'access-control-allow-origin'), page, 'once, as the upstream says it')
})

t.test('without a cors block a preflight is the upstream’s business', async t => {
  const { port, origin } = await behind(t, route)
  const answer = await ask(t, port, { method: 'OPTIONS', fields: preflight(page) })
  t.equal(answer.body.toString(), 'ok')
  t.equal(valueIn(answer, 'vary'), undefined)
  await until(() => origin.requests.length === 1, 'it got there')
})
