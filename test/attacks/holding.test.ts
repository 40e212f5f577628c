// Callers, and upstreams, that hold on to what is not theirs: a place in a queue, a request without an end, memory.
import t, { type Test } from 'tap'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { connectRaw, requestOf, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

async function behind(t: Test, respond: Respond, more = '', listen = '') {
  const origin = await startOrigin(t, respond)
  const gateway = await run(
    t,
    `
listen: [{ address: 127.0.0.1:0${listen} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }]${more} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...gateway, origin }
}

t.test('callers that left keep no place among those that wait for a connection', async t => {
  const { port, adminUrl, origin } = await behind(
    t,
    () => undefined,
    ', limits: { connections: 1, pending: 3 }'
  )
  const waiting = () => metric(adminUrl, 'tracebridge_upstream_requests_waiting')
  const first = await connectRaw(t, port)
  first.send(requestOf({}))
  await until(() => origin.requests.length === 1, 'the connection is taken')
  const gone = await Promise.all([1, 2, 3].map(() => connectRaw(t, port)))
  for (const each of gone) each.send(requestOf({}))
  await until(async () => (await waiting()) === 3, 'the queue is full')
  for (const each of gone) each.socket.resetAndDestroy()
  await until(async () => (await waiting()) === 0, 'and empty')
  const late = await connectRaw(t, port)
  late.send(requestOf({}))
  await until(async () => (await waiting()) === 1, 'there is room')
  first.socket.destroy()
  await until(() => origin.requests.length === 2, 'and its turn comes')
})

t.test('no word of a caller’s switches timeouts off', async t => {
  for (const [timeouts, body, status] of [
    ['{ request: 300ms }', 'half', 408],
    ['{}', 'the whole ', 504]
  ] as const) {
    const { port } = await behind(
      t,
      () => undefined,
      ', timeouts: { first-byte: 300ms }',
      `, timeouts: ${timeouts}`
    )
    const client = await connectRaw(t, port)
    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 10\r\n\r\n${body}`
    )
    t.equal(statusOf(await client.answer()), status)
  }
})

t.test('hints without end are not handed on without end', async t => {
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: </${'a'.repeat(8000)}>\r\n\r\n`
  const { port, origin } = await behind(t, ({ start }) => hint.repeat(start.includes('/more') ? 101 : 100))
  const { socket, text } = await connectRaw(t, port)
  socket.write(requestOf({}))
  await until(() => text().split('103 Early').length === 9, 'eight')
  for (const upstream of origin.open) upstream.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  await until(() => text().endsWith('\r\n\r\nok'), 'then the answer')
  t.equal(text().split('103 Early').length, 9)
  const other = await connectRaw(t, port)
  other.send(requestOf({ path: '/more' }))
  await until(() => other.text().includes('UPSTREAM_INVALID'), 'and more of them are no answer')
})
