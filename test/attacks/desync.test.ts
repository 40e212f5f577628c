// One request to one server, two to the next: what makes a gateway hand one caller's answer to another.
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

async function behind(
  t: Test,
  respond?: Respond
): Promise<{ readonly port: number; readonly origin: Origin }> {
  const origin = await startOrigin(t, respond)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { port, origin }
}

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
const fillers = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: a\r\n`).join('')

/**
 * CVE-2026-58044. Node hid the fields beyond maxHeadersCount from rawHeaders, and framed by them all the same: a gateway
 * that builds the header anew sent a request without Content-Length, and its body became a request of the attacker's.
 */
t.test('CVE-2026-58044: no field is hidden and framed by', async t => {
  const { port, origin } = await behind(t)
  for (const framing of [`Content-Length: ${smuggled.length}`, 'Transfer-Encoding: chunked']) {
    const client = await connectRaw(t, port)
    client.send(`POST /x HTTP/1.1\r\nHost: a\r\n${fillers(200)}${framing}\r\n\r\n${smuggled}`)
    t.equal(statusOf(await client.answer()), 431)
    await client.over
    t.equal(client.answers.length, 1)
  }
  t.equal(origin.requests.length, 0)

  const client = await connectRaw(t, port)
  client.send(
    `POST /x HTTP/1.1\r\nHost: a\r\n${fillers(97)}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`
  )
  t.equal(statusOf(await client.answer()), 200, 'a hundred are not too many')
  t.equal(origin.last().body.toString(), smuggled)
  t.equal(valueIn(origin.last(), 'x-96'), 'a')
})

/**
 * CVE-2026-48931 (node:http) and GHSA-35p6-xmwp-9g52 (undici). An answer that nobody asked for, sent while a connection
 * was idle in the pool, was taken for that of the next request, whoever sent it.
 */
t.test('CVE-2026-48931, GHSA-35p6-xmwp-9g52: an answer to no request is nobody’s', async t => {
  const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'
  const { port, origin } = await behind(t, ({ start }, socket) => {
    const path = start.split(' ')[1] ?? ''
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`
    // At once, not with the next acknowledgement: behind the next request nobody could tell it from its answer.
    socket.setNoDelay(true)
    if (path === '/idle') setImmediate(() => socket.write(poison))
    return path === '/at-once' ? `${answer}${poison}` : answer
  })
  for (const path of ['/at-once', '/idle', '/idle', '/at-once']) {
    t.equal((await ask(t, port, { path })).body.toString(), path)
    // Each is another caller.
    const others = await Promise.all(['/a', '/b', '/c'].map(other => ask(t, port, { path: other })))
    t.strictSame(
      others.map(({ body }) => body.toString()),
      ['/a', '/b', '/c']
    )
  }
  t.ok(origin.connections() > 1, 'the connection that it came on is not used again')
})

/**
 * CVE-2026-16728. undici's retry interceptor began an answer anew behind a Content-Length that was already sent: the
 * caller read the rest of the second answer as the next one. Nothing is tried again here once an answer has begun.
 */
t.test('CVE-2026-16728: an answer that broke off is not begun anew', async t => {
  const { port, origin } = await behind(t, (_, socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello')
    return undefined
  })
  const client = await connectRaw(t, port)
  client.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.over
  t.equal(
    client.text().split('HTTP/1.1 ').length,
    2,
    'one header, and nothing behind it that could pass for another'
  )
  t.ok(client.text().endsWith('\r\n\r\nhello'))
  t.ok(origin.requests.filter(({ start }) => start.includes('/x ')).length === 1)
})

/** CVE-2026-1525. undici wrote Content-Length twice where a caller had named it twice in different case. */
t.test('CVE-2026-1525: one length, however it is written', async t => {
  const { port, origin } = await behind(t)
  const client = await connectRaw(t, port)
  client.send(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello${smuggled}`)
  t.equal(statusOf(await client.answer()), 400)
  await client.over
  t.equal(origin.requests.length, 0)
  for (const name of ['CONTENT-LENGTH', 'content-length', 'Content-length']) {
    const one = await connectRaw(t, port)
    one.send(`POST /x HTTP/1.1\r\nHost: a\r\n${name}: 5\r\n\r\nhello`)
    t.equal(statusOf(await one.answer()), 200)
    t.equal(valueIn(origin.last(), 'content-length'), '5')
  }
})

/** CVE-2024-27982: a blank ahead of Content-Length hid it. CVE-2025-23167: `\r\n\rX` ended a header. */
t.test('CVE-2024-27982, CVE-2025-23167: a header ends where it ends', async t => {
  const { port, origin } = await behind(t)
  for (const bytes of [
    `POST /x HTTP/1.1\r\nHost: a\r\n Content-Length: 5\r\n\r\nhello${smuggled}`,
    `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length : ${smuggled.length}\r\n\r\n${smuggled}`,
    `GET /x HTTP/1.1\r\nHost: a\r\n\rXGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`
  ]) {
    const client = await connectRaw(t, port)
    client.send(bytes)
    t.equal(statusOf(await client.answer()), 400)
    await client.over
    t.equal(client.answers.length, 1)
  }
  t.equal(origin.requests.length, 0)
})

/** CVE-2024-22019. A chunk extension without end was read for ever, at no byte of body. */
t.test('CVE-2024-22019: a chunk extension has an end', async t => {
  const { port, origin } = await behind(t)
  const client = await connectRaw(t, port)
  client.send('POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;')
  const piece = 'a'.repeat(16_384)
  let sent = 0
  while (client.answers.length === 0 && sent < 4_000_000 && client.socket.writable) {
    client.send(piece)
    sent += piece.length
    await new Promise(resolve => setImmediate(resolve))
  }
  await until(() => client.answers.length > 0 || !client.socket.writable, 'an end')
  t.ok(sent < 4_000_000, `${sent} bytes`)
  t.equal(origin.requests.length, 0)
})

/** The body that an early answer leaves unread must never be the next request of that connection. */
t.test('what is left of a body is no request', async t => {
  const { port, origin } = await behind(t)
  for (const target of ['TRACE /x', 'GET //x/../y', 'POST http://evil.example/x']) {
    const client = await connectRaw(t, port)
    const [method = '', url = ''] = target.split(' ')
    client.send(`${method} ${url} HTTP/1.1\r\nHost: a\r\nContent-Length: ${smuggled.length}\r\n\r\n`)
    t.ok(statusOf(await client.answer()) >= 400)
    client.send(smuggled)
    await client.over
    t.equal(client.answers.length, 1, target)
  }
  t.equal(origin.requests.length, 0)
})
