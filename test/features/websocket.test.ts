// WebSocket through the gateway: the trace in the handshake, bytes both ways, and what is told of it.
import t, { type Test } from 'tap'
import { WebSocket } from 'undici'
import { createAccessLog } from '../access-log.ts'
import { holdClosedPort } from '../closed-port.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { connectRaw, requestOf, statusOf } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { asking, echoing, frame, text } from '../websocket.ts'

async function world(t: Test, respond: Respond = echoing) {
  const origin = await startOrigin(t, respond)
  const log = createAccessLog(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const gateway = await run(
    t,
    `${log.rule}
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { chat: { targets: [{ url: "${origin.url}" }], emit: [b3] } }
routes:
  - { match: { path: /ws/** }, upstream: chat, upgrade: [websocket] }
  - { match: { path: /** }, upstream: chat }
`
  )
  return { ...gateway, origin, log, receiver }
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

t.test('a client library talks to its upstream, and everything is told of it at the end', async t => {
  const { origin, log, receiver, port, adminUrl } = await world(t)
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/room?x=1`, {
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  })
  t.teardown(() => socket.close())
  const heard: unknown[] = []
  socket.addEventListener('message', ({ data }) => heard.push(data))
  await new Promise(resolve => socket.addEventListener('open', resolve))
  socket.send('hello')
  socket.send('x'.repeat(100_000))
  await until(() => heard.length === 2, 'both came back')
  t.equal(heard[0], 'hello')
  t.equal(String(heard[1]).length, 100_000)
  t.equal(await metric(adminUrl, 'tracebridge_upgraded_connections'), 1)
  t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 0)
  const closed = new Promise<number>(resolve => socket.addEventListener('close', ({ code }) => resolve(code)))
  socket.close(4001, 'enough')
  t.equal(await closed, 4001)

  t.match(origin.last().start, 'GET /ws/room?x=1 HTTP/1.1')
  const b3 = valueIn(origin.last(), 'b3')
  t.match(b3, traceId, 'the dialect of the upstream')
  t.equal(valueIn(origin.last(), 'traceparent'), undefined)
  const spans = await receiver.received(2)
  const server = spans.find(span => span.kind === 2)
  const client = spans.find(span => span.kind === 3)
  t.match(b3, client?.spanId, 'the client span is the upstream’s parent')
  t.equal(server?.attributes.get('tracebridge.upgrade'), 'websocket')
  t.strictSame(server?.attributes.get('http.response.status_code'), { int: '101' })
  t.strictSame(server?.attributes.get('tracebridge.upgrade.close_code'), { int: '4001' })
  t.equal(server?.attributes.get('tracebridge.upgrade.ended_by'), 'caller')
  t.match(await log.entry('/ws/room'), {
    status: 101,
    trace_id: traceId,
    close_code: 4001,
    ended_by: 'caller',
    received: 100_000 + 14 + 5 + 6 + 8 + 6,
    bytes: 100_000 + 10 + 5 + 2 + 8 + 2
  })
  t.equal(await metric(adminUrl, 'tracebridge_upgraded_connections'), 0)
  t.equal(await metric(adminUrl, 'http_server_request_duration_seconds_count', { status: '101' }), 1)
})

t.test('a route without upgrade refuses', async t => {
  const { origin, port } = await world(t)
  const client = await connectRaw(t, port)
  client.send(requestOf(asking({ path: '/other' })))
  const answer = await client.answer()
  t.equal(statusOf(answer), 403)
  t.match(answer.body.toString(), 'UPGRADE_REFUSED')
  t.equal(await client.over, 'end')
  t.equal(origin.requests.length, 0)
})

t.test('a target that cannot be connected to is passed over, and each attempt has its span', async t => {
  const origin = await startOrigin(t, echoing)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const { port } = await run(
    t,
    `export: [{ otlp: { url: "${receiver.url}" } }]
respond: [traceresponse]
upstreams:
  chat: { targets: [{ url: "http://127.0.0.1:${await holdClosedPort(t)}" }, { url: "${origin.url}" }] }
routes: [{ match: { path: /** }, upstream: chat, upgrade: [websocket] }]
`
  )
  for (const number of [1, 2]) {
    const client = await connectRaw(t, port)
    client.send(requestOf(asking()))
    const answer = await client.answer()
    t.equal(statusOf(answer), 101)
    t.match(valueIn(answer, 'traceresponse'), /^00-/, 'a believed caller learns its span')
    client.send(frame(text, 'hello', true))
    await until(() => client.text().endsWith('hello'), 'it comes back')
    client.socket.destroy()
    await until(() => origin.open.size === 0, `${number} is over`)
  }
  const spans = await receiver.received(5)
  const failed = spans.filter(span => span.attributes.get('error.type') === 'UPSTREAM_UNREACHABLE')
  t.equal(failed.length, 1, 'one of them began at the other target')
})
