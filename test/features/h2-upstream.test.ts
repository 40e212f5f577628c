// Upstreams that speak HTTP/2: what they get, and what callers get where something breaks off.
import t, { type Test } from 'tap'
import { pathOf } from '../certificates.ts'
import { ask as askH2, connectH2, fieldIn } from '../h2.ts'
import { type StreamOrigin, type StreamSeen, startStreamOrigin } from '../h2-origin.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

async function gateway(
  t: Test,
  respond?: (seen: StreamSeen) => void,
  more = ''
): Promise<Running & { origin: StreamOrigin }> {
  const origin = await startStreamOrigin(t, respond)
  return { ...(await before(t, origin, more)), origin }
}

function before(t: Test, origin: Pick<StreamOrigin, 'url'>, more = ''): Promise<Running> {
  return run(
    t,
    `
upstreams: { origin: { protocol: h2, targets: [{ url: "${origin.url}" }]${more} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
}

t.test('a request in lines reaches an upstream that speaks in frames, and its answer comes back', async t => {
  const { port, origin } = await gateway(t, ({ stream }) => {
    stream.respond([':status', '200', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-word', '\xe9'])
    stream.end('hello')
  })
  const answer = await ask(t, port, {
    method: 'POST',
    path: '/orders?x=1',
    fields: [
      ['X-Twice', '1'],
      ['x-twice', '2'],
      ['User-Agent', 'a'],
      ['Connection', 'x-hop, te'],
      ['X-Hop', '1'],
      ['TE', 'gzip']
    ],
    body: 'question'
  })
  t.equal(answer.start, 'HTTP/1.1 200 OK')
  t.equal(valueIn(answer, 'set-cookie'), 'a=1,b=2')
  t.equal(valueIn(answer, 'x-word'), '\xe9')
  t.equal(answer.body.toString(), 'hello')
  const [{ fields = [], body, path } = {}] = origin.seen
  t.equal(path, '/orders?x=1')
  t.equal(fieldIn(fields, ':authority'), 'shop.example')
  t.equal(fieldIn(fields, 'host'), undefined)
  t.equal(fieldIn(fields, 'x-twice'), '1,2')
  t.equal(fieldIn(fields, 'x-hop'), undefined)
  t.equal(fieldIn(fields, 'te'), undefined)
  t.equal(fieldIn(fields, 'via'), '1.1 tracebridge')
  t.match(fieldIn(fields, 'traceparent'), /^00-/)
  t.equal(fieldIn(fields, 'content-length'), '8')
  t.equal(body?.(), 'question')
})

t.test('no field of one caller ends the streams of others', async t => {
  // undici's own HTTP/2 drops the whole session for these, and every stream that it carries.
  const { port, origin } = await gateway(t)
  for (const fields of [
    [
      ['User-Agent', 'a'],
      ['user-agent', 'b']
    ],
    [['HTTP2-Settings', 'AAMAAABkAAQAAP__']],
    [['__proto__', '1']],
    [['Keep-Alive', 'timeout=5']]
  ] as const) {
    t.equal(statusOf(await ask(t, port, { fields })), 200, String(fields))
  }
  t.equal(origin.connections(), 1)
})

t.test('an answer that is reset halfway is no whole one, whatever the code', async t => {
  const { port, url, origin } = await gateway(t, ({ stream }) => {
    // With trailers to come, Node does not end it cleanly before the reset.
    stream.respond([':status', '200'], { waitForTrailers: true })
    stream.write('half')
  })
  for (const [code, told] of [
    [8, 8],
    // Even "no error": https://www.rfc-editor.org/rfc/rfc9113#section-8.1 has it behind a whole answer alone.
    [0, 2]
  ] as const) {
    const client = await connectRaw(t, port)
    client.send(requestOf({}))
    await until(() => client.text().includes('half'), 'half of it is there')
    origin.seen.at(-1)?.stream.close(code)
    await client.over
    t.notMatch(client.text(), /\r\n0\r\n\r\n$/)
    const answer = askH2(await connectH2(t, url))
    await until(() => answer.text() === 'half', 'half of it is there')
    origin.seen.at(-1)?.stream.close(code)
    t.equal(await answer.over, told, 'by HTTP/2 a code goes on')
  }
})

t.test('one that is whole stays whole, though its stream is reset behind it', async t => {
  const { port, origin } = await gateway(t, ({ stream }) => {
    stream.respond([':status', '200'])
    // It wants no more of the body: https://www.rfc-editor.org/rfc/rfc9113#section-8.1
    stream.end('enough', () => stream.close(0))
  })
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
  await until(() => client.text().endsWith('\r\n0\r\n\r\n'), 'all of it is there')
  t.match(client.text(), 'enough')
  t.equal(origin.seen.length, 1)
})

t.test('a request whose stream alone is reset is not sent again: somebody has read it', async t => {
  const { port, origin } = await gateway(t, ({ stream, path }) => {
    if (path !== '/ok') return stream.close(Number(path.slice(1)))
    stream.respond([':status', '200'])
    stream.end()
  })
  t.equal(statusOf(await ask(t, port, { path: '/ok' })), 200)
  for (const code of [1, 2, 5, 8, 13]) {
    const before = origin.seen.length
    t.equal(statusOf(await ask(t, port, { path: `/${code}` })), 502, `code ${code}`)
    t.equal(origin.seen.length - before, 1)
  }
  t.equal(origin.connections(), 1)
})

t.test('a header of an answer beyond the limit is no valid one, and asked for once', async t => {
  const { port, origin } = await gateway(t, ({ stream, path }) => {
    stream.respond([
      ':status',
      '200',
      ...(path === '/ok' ? [] : ['x-a', 'a'.repeat(40_000), 'x-b', 'a'.repeat(40_000)])
    ])
    stream.end()
  })
  t.equal(statusOf(await ask(t, port, { path: '/ok' })), 200)
  const answer = await ask(t, port, { path: '/long' })
  t.equal(statusOf(answer), 502)
  t.match(answer.body.toString(), 'UPSTREAM_INVALID')
  t.equal(origin.seen.length, 2)
})

t.test('nor is one whose connection is gone, or one that is shorter than it says', async t => {
  const { port, origin } = await gateway(t, ({ stream, path }) => {
    stream.respond([':status', '200', ...(path === '/short' ? ['content-length', '100'] : [])])
    stream.write('half')
  })
  for (const path of ['/short', '/gone']) {
    const client = await connectRaw(t, port)
    client.send(requestOf({ path }))
    await until(() => client.text().includes('half'), 'half of it is there')
    const stream = origin.seen.at(-1)?.stream
    if (path === '/short') stream?.end()
    else stream?.session?.destroy()
    await client.over
    t.equal(client.answers.length, 0)
  }
})

t.test('a body that breaks off reaches the upstream as no whole one', async t => {
  const { port, origin } = await gateway(t, () => {})
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
  await until(() => origin.seen[0]?.body() === 'half', 'it is on its way')
  client.socket.resetAndDestroy()
  await until(() => origin.seen[0]?.reset() !== undefined, 'it breaks')
  t.equal(origin.seen[0]?.reset(), 8, 'CANCEL')
  t.equal(origin.seen[0]?.ended(), false)
})

t.test('a caller that hangs up cancels its stream alone', async t => {
  const { port, origin } = await gateway(t, ({ stream, path }) => {
    if (path === '/slow') return
    stream.respond([':status', '200'])
    stream.end('ok')
  })
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/slow' }))
  await until(() => origin.seen.length === 1, 'it is in flight')
  client.socket.destroy()
  await until(() => origin.seen[0]?.reset() === 8, 'CANCEL')
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(origin.connections(), 1)
})

t.test('connections carry a hundred each, and as many as there have to be', async t => {
  const held: StreamSeen[] = []
  const { port, origin } = await gateway(t, seen => held.push(seen))
  const answers = Array.from({ length: 150 }, () => ask(t, port))
  await until(() => held.length === 150, 'all are there at once')
  t.equal(origin.connections(), 2)
  for (const { stream } of held) {
    stream.respond([':status', '200'])
    stream.end('ok')
  }
  for (const answer of await Promise.all(answers)) t.equal(statusOf(answer), 200)
})

t.test('an upstream that asks to go elsewhere loses no request', async t => {
  let served = 0
  const { port, origin } = await gateway(t, ({ stream }) => {
    // Every fifth is the last of its connection.
    if (++served % 5 === 0) stream.session?.close()
    stream.respond([':status', '200'])
    stream.end('ok')
  })
  const client = await connectRaw(t, port)
  for (let number = 0; number < 40; number++) {
    client.send(requestOf({}))
    t.equal(statusOf(await client.answer(number)), 200)
  }
  t.ok(origin.connections() >= 8, `${origin.connections()} connections`)
})

t.test('where a kept connection dies as it is asked, what is safe is asked again', async t => {
  let asked = 0
  const { port } = await gateway(t, ({ stream }) => {
    if (++asked === 2) return void stream.session?.destroy()
    stream.respond([':status', '200'])
    stream.end('ok')
  })
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(asked, 3)
})

t.test('trailers and hints go on to callers by HTTP/1 that know them', async t => {
  const { port } = await gateway(t, ({ stream }) => {
    stream.additionalHeaders({ ':status': 100 })
    stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' })
    stream.respond([':status', '200'], { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }))
    stream.end('ok')
  })
  const client = await connectRaw(t, port)
  client.send(requestOf({ fields: [['TE', 'trailers']] }))
  t.equal((await client.answer(0)).start, 'HTTP/1.1 103 Early Hints', 'an unasked 100 ends here')
  t.equal((await client.answer(1)).body.toString(), 'ok')
  t.match(client.text(), /0\r\nx-sum: 7\r\n\r\n$/)
})

t.test('by TLS, where both say so', async t => {
  const origin = await startStreamOrigin(t, undefined, 'https')
  const { port } = await before(t, origin, `, tls: { ca: "${pathOf('ca.pem')}", server-name: shop.example }`)
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(fieldIn(origin.seen[0]?.fields ?? [], ':scheme'), 'https')
})

t.test('an upstream that is none is told apart from one that is not there', async t => {
  const lines = await before(t, { url: 'http://127.0.0.1:1' })
  t.match((await ask(t, lines.port)).body.toString(), 'UPSTREAM_UNREACHABLE')
  const { createServer } = await import('node:net')
  const server = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { port: other } = await before(t, { url: `http://127.0.0.1:${port}` })
  t.equal(statusOf(await ask(t, other)), 502)
})

t.test('its health can be asked for', async t => {
  let well = false
  const { adminUrl } = await gateway(
    t,
    ({ stream }) => {
      stream.respond([':status', well ? '200' : '503'])
      stream.end()
    },
    ', health: { path: /healthz, every: 20ms, healthy: 1, unhealthy: 1 }'
  )
  const available = () => metric(adminUrl, 'tracebridge_upstream_target_available')
  await until(async () => (await available()) === 0, 'it is unwell')
  well = true
  await until(async () => (await available()) === 1, 'it is well')
  t.pass()
})

t.test('a connection on which an answer does not begin in time carries no more requests', async t => {
  const sessions: unknown[] = []
  const { port, origin } = await gateway(
    t,
    ({ stream, path }) => {
      if (!sessions.includes(stream.session)) sessions.push(stream.session)
      // The first connection turns dumb.
      if (path !== '/first' && stream.session === sessions[0]) return
      stream.respond([':status', '200'])
      stream.end('ok')
    },
    ', timeouts: { first-byte: 200ms }'
  )
  t.equal(statusOf(await ask(t, port, { path: '/first' })), 200)
  t.equal(statusOf(await ask(t, port)), 504)
  t.equal(statusOf(await ask(t, port)), 200)
  t.equal(origin.connections(), 2)
})
