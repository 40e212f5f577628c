// What is sent again: only what cannot have been acted on, once, elsewhere if there is an elsewhere, and each time as a
// span of its own. https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { holdClosedPort } from '../closed-port.ts'
import { metric } from '../metric.ts'
import { startMortal } from '../mortal.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traced = [['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]] as const
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Of `tracebridge_upstream_retries_total`. */
function retries(adminUrl: string, outcome: string): Promise<number> {
  return metric(adminUrl, 'tracebridge_upstream_retries_total', { upstream: 'origin', outcome })
}

/** Answers the first request of a connection; `end` sees to the second. */
function once(end: (socket: Socket) => unknown): (request: unknown, socket: Socket) => string | undefined {
  const used = new WeakSet<Socket>()
  return (_, socket) => {
    if (!used.has(socket)) {
      used.add(socket)
      return ok
    }
    end(socket)
    return undefined
  }
}

async function behind(t: Test, origin: Pick<Origin, 'url'>, keys = '') {
  const accessLog = createAccessLog(t)
  const gateway = await run(
    t,
    `
${accessLog.rule}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin${keys} }]
`
  )
  return { ...gateway, accessLog }
}

t.test('where one target cannot be connected to, another gets the request, body and all', async t => {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { port, adminUrl } = await run(
    t,
    `
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams:
  origin:
    targets: [{ url: "http://127.0.0.1:${await holdClosedPort(t)}" }, { url: "${origin.url}" }]
    ejection: none
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const answer = await ask(t, port, { method: 'POST', body: 'hello', fields: traced })
  t.equal(statusOf(answer), 200)
  t.equal(origin.requests.length, 1)
  t.equal(origin.last().body.toString(), 'hello')
  t.equal(await retries(adminUrl, 'unsent'), 1)
  t.equal(await metric(adminUrl, 'tracebridge_failures_total'), 0, 'the caller saw nothing of it')

  const spans = await receiver.received(3)
  const server = spans.find(({ kind }) => kind === 2)
  const clients = spans.filter(({ kind }) => kind === 3)
  const second = clients.find(({ attributes }) => attributes.has('http.request.resend_count'))
  const first = clients.find(each => each !== second)
  t.equal(first?.attributes.get('error.type'), 'UPSTREAM_UNREACHABLE')
  t.same(second?.attributes.get('http.request.resend_count'), { int: '1' })
  t.not(first?.spanId, second?.spanId)
  t.same([first?.parentSpanId, second?.parentSpanId], [server?.spanId, server?.spanId])
  const told = origin.last().fields.find(([name]) => name.toLowerCase() === 'traceparent')?.[1]
  t.equal(told, `00-${traceId}-${second?.spanId}-01`, 'the upstream hangs on the attempt that reached it')
})

t.test('with one target alone that cannot be connected to, it is asked twice and then a 503', async t => {
  const { port, adminUrl } = await behind(t, { url: `http://127.0.0.1:${await holdClosedPort(t)}` })
  t.equal(statusOf(await ask(t, port)), 503)
  t.equal(await retries(adminUrl, 'unsent'), 1)
  t.equal(await metric(adminUrl, 'http_client_request_duration_seconds_count', { status: '503' }), 2)
  t.equal(await metric(adminUrl, 'tracebridge_failures_total'), 1)
})

const ends: Readonly<Record<string, (socket: Socket) => unknown>> = {
  close: socket => socket.destroy(),
  reset: socket => socket.resetAndDestroy()
}
for (const [name, end] of Object.entries(ends)) {
  t.test(`a GET that meets the ${name} of an idle connection goes out again on a new one`, async t => {
    const origin = await startOrigin(t, once(end))
    const { port, adminUrl, accessLog } = await behind(t, origin)
    const client = await connectRaw(t, port, { methods: ['GET', 'GET', 'HEAD'] })
    for (const [number, method] of ['GET', 'GET', 'HEAD'].entries()) {
      client.send(requestOf({ method, path: `/${number}` }))
      t.equal(statusOf(await client.answer(number)), 200)
    }
    t.equal(await retries(adminUrl, 'reused'), 2)
    t.equal(origin.requests.length, 5)
    t.match(await accessLog.entry('/0'), { status: 200, attempts: undefined })
    t.match(await accessLog.entry('/1'), { status: 200, attempts: 2 })
  })
}

t.test('a POST that meets the end of an idle connection is a 502: it may have been done', async t => {
  const origin = await startOrigin(
    t,
    once(socket => socket.destroy())
  )
  const { port, adminUrl } = await behind(t, origin)
  for (const body of ['x', undefined]) {
    t.equal(statusOf(await ask(t, port)), 200)
    t.equal(statusOf(await ask(t, port, { method: 'POST', ...(body === undefined ? {} : { body }) })), 502)
  }
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(statusOf(await ask(t, port, { method: 'GET', body: 'x' })), 502, 'nor a GET with a body')
  t.equal(await retries(adminUrl, 'reused'), 0)
  t.equal(origin.requests.length, 6)
})

t.test('a POST that is not written yet when an idle connection is reset goes out on a new one', async t => {
  const origin = await startOrigin(t)
  const { port, adminUrl } = await behind(t, origin)
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  await client.answer()
  for (let number = 1; number < 6; number++) {
    // Both arrive in one turn of the gateway's event loop, the request first.
    client.send(requestOf({ method: 'POST', path: `/${number}`, body: 'x' }))
    for (const socket of origin.open) socket.resetAndDestroy()
    t.equal(statusOf(await client.answer(number)), 200)
  }
  t.equal(origin.requests.length, 6)
  t.equal(await retries(adminUrl, 'unsent'), 0, 'nothing of it was sent, so nothing was sent again')
})

t.test('a GET that is lost on a new connection is a 502: the upstream itself ended it', async t => {
  const origin = await startOrigin(t, (_, socket) => {
    socket.destroy()
    return undefined
  })
  const { port } = await behind(t, origin)
  t.equal(statusOf(await ask(t, port)), 502)
  t.equal(origin.requests.length, 1)
})

t.test('resend: any sends a GET again that is lost on a new connection, and still no POST', async t => {
  const bad = await startOrigin(t, (_, socket) => {
    socket.destroy()
    return undefined
  })
  const good = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${bad.url}" }, { url: "${good.url}" }], resend: any, ejection: none } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  for (let i = 0; i < 4; i++) t.equal(statusOf(await ask(t, port)), 200)
  t.ok((await retries(adminUrl, 'new')) > 0)
  const statuses = new Set<number>()
  for (let i = 0; i < 4; i++) statuses.add(statusOf(await ask(t, port, { method: 'POST', body: 'x' })))
  t.ok(statuses.has(502))
})

t.test('an answer that has begun, if by a byte, is never asked for again', async t => {
  for (const bytes of [
    'HTTP/1.1 2',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
    'HTTP/1.1 103 Early Hints\r\n\r\n'
  ]) {
    const origin = await startOrigin(
      t,
      once(socket => socket.end(bytes))
    )
    const { port, adminUrl } = await behind(t, origin)
    const client = await connectRaw(t, port)
    client.send(requestOf({}))
    t.equal(statusOf(await client.answer()), 200)
    client.send(requestOf({}))
    await client.answer(1).then(
      answer => t.match(String(statusOf(answer)), /^(?:502|103)$/),
      () => t.pass('cut')
    )
    t.equal(origin.requests.length, 2, bytes)
    t.equal(await retries(adminUrl, 'reused'), 0)
  }
})

t.test('resend-methods: idempotent adds PUT and DELETE, without a body', async t => {
  const origin = await startOrigin(
    t,
    once(socket => socket.destroy())
  )
  const { port, adminUrl } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }], resend-methods: idempotent } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  t.equal(statusOf(await ask(t, port)), 200)
  for (const method of ['DELETE', 'PUT']) t.equal(statusOf(await ask(t, port, { method })), 200, method)
  t.equal(await retries(adminUrl, 'reused'), 2)
  for (const asked of [
    { method: 'DELETE', body: 'x' },
    { method: 'PUT', body: 'x' },
    { method: 'POST' },
    { method: 'PATCH' }
  ]) {
    t.equal(statusOf(await ask(t, port, asked)), 502, asked.method)
    t.equal(statusOf(await ask(t, port)), 200)
  }
  const { port: usual } = await behind(t, origin)
  t.equal(statusOf(await ask(t, usual)), 200)
  t.equal(statusOf(await ask(t, usual, { method: 'DELETE' })), 502, 'not unless rules say so')
})

t.test('a retry that never went out does not use up the one that there is', async t => {
  let asked = 0
  // The second request is never answered.
  const mortal = await startMortal(t, () => (++asked === 1 ? 1 : 60_000))
  let failing = true
  const other = await startOrigin(t, () => (failing ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : ok))
  const { port, adminUrl } = await run(
    t,
    `
upstreams:
  origin: { targets: [{ url: "${mortal.url}" }, { url: "${other.url}" }], ejection: { failures: 1 } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(statusOf(await ask(t, port)), 500, 'which leaves the other one out')
  failing = false
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  await until(() => asked === 2, 'it is under way on a connection that was used')
  await mortal.die()
  t.equal(
    statusOf(await client.answer()),
    200,
    'lost, then refused, then answered by the other one after all'
  )
  t.same([await retries(adminUrl, 'reused'), await retries(adminUrl, 'unsent')], [1, 1])
  t.equal(other.requests.length, 2)
})

t.test('a target is not left out for the end of idle connections', async t => {
  const closing = await startOrigin(
    t,
    once(socket => socket.destroy())
  )
  const other = await startOrigin(t)
  const { port, adminUrl } = await run(
    t,
    `
upstreams:
  origin: { targets: [{ url: "${closing.url}" }, { url: "${other.url}" }], ejection: { failures: 1 } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  for (let i = 0; i < 4; i++) t.equal(statusOf(await ask(t, port)), 200)
  t.ok((await retries(adminUrl, 'reused')) > 0)
  t.equal(await metric(adminUrl, 'tracebridge_upstream_ejections_total'), 0)
})

t.test('retries: 0 sends nothing again', async t => {
  const origin = await startOrigin(
    t,
    once(socket => socket.destroy())
  )
  const { port, adminUrl } = await behind(t, origin, ', retries: 0')
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(statusOf(await ask(t, port)), 502)
  t.equal(await retries(adminUrl, 'reused'), 0)
})

t.test('no more than a fifth of the requests goes out again, and at least three', async t => {
  const origin = await startOrigin(
    t,
    once(socket => socket.destroy())
  )
  const { port, adminUrl } = await behind(t, origin)
  let lost = 0
  for (let i = 0; i < 40; i++) if (statusOf(await ask(t, port)) === 502) lost++
  const again = await retries(adminUrl, 'reused')
  const sent = origin.requests.length
  t.ok(again >= 3 && again <= Math.max(3, sent * 0.2), `${again} of ${sent}`)
  t.equal(await retries(adminUrl, 'over_budget'), lost)
  t.ok(lost > 0)
})

t.test('a caller that leaves is not sent again', async t => {
  const caller: { leave: () => void } = { leave: () => {} }
  const origin = await startOrigin(
    t,
    once(() => caller.leave())
  )
  const { port, accessLog } = await behind(t, origin)
  t.equal(statusOf(await ask(t, port)), 200)
  const client = await connectRaw(t, port)
  caller.leave = () => client.socket.destroy()
  client.send(requestOf({ path: '/left' }))
  t.match(await accessLog.entry('/left'), { failure: 'CALLER_GONE' })
  // Its connection is given up with it; who sent it again would have made another one.
  await until(() => origin.open.size === 0, 'the upstream is let go')
  t.equal(origin.requests.length, 2)
  t.equal(origin.connections(), 1)
})
