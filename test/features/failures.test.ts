// Whatever goes wrong behind the gateway or in front of it: one answer from the table, in time, and told everywhere.
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type AccessLog, createAccessLog } from '../access-log.ts'
import { startBlackHole } from '../black-hole.ts'
import { holdClosedPort } from '../closed-port.ts'
import { metric } from '../metric.ts'
import { type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Receiver, type SeenSpan, startReceiver } from '../receiver.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

// They wait for batches of spans more than they work.
t.jobs = 8

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const traced = [['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]] as const

type Watched = Running & { readonly accessLog: AccessLog; readonly receiver: Receiver }

/** A gateway in front of one upstream, whose every word is kept. */
async function before(t: Test, url: string, timeouts = '{}'): Promise<Watched> {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const accessLog = createAccessLog(t)
  const gateway = await run(
    t,
    `
${accessLog.rule}
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${url}" }], timeouts: ${timeouts} } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...gateway, accessLog, receiver }
}

async function behind(t: Test, respond: Respond, timeouts?: string) {
  const origin = await startOrigin(t, respond)
  return { origin, ...(await before(t, origin.url, timeouts)) }
}

function spanOf(spans: readonly SeenSpan[], kind: 'server' | 'client'): SeenSpan | undefined {
  return spans.find(span => span.kind === (kind === 'server' ? 2 : 3))
}

type Wanted = { readonly status: number; readonly failure: string }

/** The access log, the spans and the metrics all tell of the failure. */
async function told(
  t: Test,
  { accessLog, receiver, adminUrl }: Watched,
  path: string,
  { status, failure }: Wanted
): Promise<void> {
  t.match(await accessLog.entry(path), { status, failure, trace_id: traceId, sampled: true })
  const spans = await receiver.received(2)
  const client = spanOf(spans, 'client')
  t.match(client, { traceId, statusCode: 2 })
  t.equal(client?.attributes.get('error.type'), failure)
  const server = spanOf(spans, 'server')
  t.match(server, { traceId, parentSpanId: '00f067aa0ba902b7' })
  t.equal(server?.attributes.get('error.type'), failure)
  t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: failure }), 1)
}

/** One request that ends in a failure of the table; the milliseconds until it did. */
async function fails(t: Test, gateway: Watched, path: string, wanted: Wanted): Promise<number> {
  const start = performance.now()
  const answer = await ask(t, gateway.port, { path, fields: traced })
  const took = performance.now() - start
  t.equal(statusOf(answer), wanted.status)
  t.equal(JSON.parse(answer.body.toString()).error, wanted.failure)
  await told(t, gateway, path, wanted)
  t.equal(spanOf(gateway.receiver.spans(), 'server')?.statusCode, wanted.status >= 500 ? 2 : 0)
  return took
}

t.test('an upstream that refuses connections is a 503, at once', async t => {
  const gateway = await before(t, `http://127.0.0.1:${await holdClosedPort(t)}`)
  const took = await fails(t, gateway, '/refused', { status: 503, failure: 'UPSTREAM_UNREACHABLE' })
  t.ok(took < 3000, `it took ${took} ms`)
})

t.test('an upstream that does not take the connection is a 503 within its timeout', async t => {
  const port = await startBlackHole(t)
  const gateway = await before(t, `http://127.0.0.1:${port}`, '{ connect: 300ms }')
  const start = performance.now()
  const answer = await ask(t, gateway.port, { path: '/hole', fields: traced })
  const took = performance.now() - start
  t.equal(statusOf(answer), 503)
  t.ok(took > 250 && took < 4000, `it took ${took} ms`)
  await told(t, gateway, '/hole', { status: 503, failure: 'UPSTREAM_UNREACHABLE' })
})

const ends: Readonly<Record<string, (socket: Socket) => unknown>> = {
  close: socket => socket.destroy(),
  reset: socket => socket.resetAndDestroy()
}
for (const [name, end] of Object.entries(ends)) {
  t.test(`a connection that ends by ${name} before an answer is a 502`, async t => {
    const gateway = await behind(t, (_, socket) => {
      end(socket)
      return undefined
    })
    await fails(t, gateway, `/${name}`, { status: 502, failure: 'UPSTREAM_RESET' })
  })
}

t.test('an upstream that does not begin its answer is a 504 within its timeout', async t => {
  const gateway = await behind(t, () => undefined, '{ first-byte: 300ms }')
  const took = await fails(t, gateway, '/silent', { status: 504, failure: 'UPSTREAM_TIMEOUT' })
  t.ok(took > 250 && took < 4000, `it took ${took} ms`)
  await until(() => gateway.origin.open.size === 0, 'its connection is closed')
})

const invalid: Readonly<Record<string, string>> = {
  nonsense: 'NONSENSE\r\n\r\n',
  'no-status': 'HTTP/1.1 OK\r\n\r\n',
  'status-099': 'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n',
  'bare-lf': 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  folded: 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n',
  'control-byte': 'HTTP/1.1 200 OK\r\nX-A: 1\x002\r\nContent-Length: 0\r\n\r\n',
  'two-lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
  'length-and-chunks':
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  'huge-header': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\nContent-Length: 0\r\n\r\n`
}
for (const [name, bytes] of Object.entries(invalid)) {
  t.test(`an answer that is not valid HTTP is a 502: ${name}`, async t => {
    const gateway = await behind(t, () => bytes)
    await fails(t, gateway, `/${name}`, { status: 502, failure: 'UPSTREAM_INVALID' })
  })
}

t.test('an upgrade that nobody asked for is a 502', async t => {
  const { port } = await behind(
    t,
    () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'
  )
  t.equal(statusOf(await ask(t, port, { fields: traced })), 502)
})

const broken: Readonly<Record<string, string>> = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  chunks: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'
}
for (const [name, bytes] of Object.entries(broken)) {
  for (const version of ['1.1', '1.0']) {
    t.test(`a caller of HTTP/${version} can tell that an answer by ${name} broke off`, async t => {
      const gateway = await behind(t, (_, socket) => {
        socket.end(bytes)
        return undefined
      })
      const client = await connectRaw(t, gateway.port)
      client.send(`GET /cut HTTP/${version}\r\nHost: a\r\ntraceparent: ${traced[0][1]}\r\n\r\n`)
      const over = await client.over
      t.equal(client.answers.length, 0, 'no answer is whole')
      // Where an answer ends with its connection, only a reset tells a broken one from a whole one.
      if (version === '1.0') t.equal(over, 'ECONNRESET')
      await told(t, gateway, '/cut', { status: 200, failure: 'UPSTREAM_INCOMPLETE' })
      t.equal(spanOf(gateway.receiver.spans(), 'server')?.statusCode, 2, 'an error, whatever the status said')
    })
  }
}

t.test('an answer that stalls is cut after the idle time', async t => {
  const gateway = await behind(
    t,
    () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
    '{ idle: 300ms }'
  )
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ path: '/stalled', fields: traced }))
  await client.over
  t.equal(client.answers.length, 0)
  await told(t, gateway, '/stalled', { status: 200, failure: 'UPSTREAM_INCOMPLETE' })
})

t.test('a caller that leaves before the answer takes its request with it', async t => {
  const gateway = await behind(t, () => undefined)
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ path: '/left', fields: traced }))
  await until(() => gateway.origin.requests.length === 1, 'it is under way')
  client.socket.destroy()
  await until(() => gateway.origin.open.size === 0, 'the upstream sees it')
  await told(t, gateway, '/left', { status: 499, failure: 'CALLER_GONE' })
})

t.test('a caller that leaves amid the answer takes its request with it', async t => {
  const gateway = await behind(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({ path: '/half', fields: traced }))
  await until(() => client.text().endsWith('half'), 'the first half is there')
  client.socket.resetAndDestroy()
  await until(() => gateway.origin.open.size === 0, 'the upstream sees it')
  await told(t, gateway, '/half', { status: 200, failure: 'CALLER_GONE' })
})

t.test('a caller that leaves amid its own body takes its request with it', async t => {
  const bytes: Buffer[] = []
  let open = 0
  const server = createServer(socket => {
    open++
    socket.on('data', chunk => bytes.push(chunk))
    socket.on('error', () => {})
    socket.on('close', () => open--)
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const gateway = await before(t, `http://127.0.0.1:${port}`)
  const client = await connectRaw(t, gateway.port)
  client.send(
    `POST /body HTTP/1.1\r\nHost: a\r\ntraceparent: ${traced[0][1]}\r\nContent-Length: 100\r\n\r\nhalf`
  )
  await until(() => Buffer.concat(bytes).includes('half'), 'the first half is there')
  client.socket.destroy()
  await until(() => open === 0, 'the upstream sees it')
  await told(t, gateway, '/body', { status: 499, failure: 'CALLER_GONE' })
})

t.test('a body for an upstream that is not there fails like any other request', async t => {
  const gateway = await before(t, `http://127.0.0.1:${await holdClosedPort(t)}`)
  const client = await connectRaw(t, gateway.port)
  client.send(`POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1000)}`)
  t.equal(statusOf(await client.answer()), 503)
  await client.over
  t.match(await gateway.accessLog.entry('/upload'), { status: 503, failure: 'UPSTREAM_UNREACHABLE' })
})

t.test(
  'what no route matches is a 404, what no gateway does a 405; the trace tells where it was lost',
  async t => {
    const origin = await startOrigin(t)
    const accessLog = createAccessLog(t)
    const { port, adminUrl } = await run(
      t,
      `
${accessLog.rule}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /known }, upstream: origin }]
`
    )
    for (const [path, method, status, failure] of [
      ['/unknown', 'GET', 404, 'ROUTE_NOT_FOUND'],
      ['/known', 'TRACE', 405, 'METHOD_NOT_ALLOWED'],
      ['http://169.254.169.254/known', 'GET', 400, 'BAD_REQUEST']
    ] as const) {
      const answer = await ask(t, port, { method, path, fields: traced })
      t.equal(statusOf(answer), status)
      t.equal(JSON.parse(answer.body.toString()).error, failure)
      const entry = await accessLog.entry(path)
      t.match(entry, { status, failure })
      // Only a request that could be read has a trace.
      t.equal(entry['trace_id'], status === 404 ? traceId : undefined)
      t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: failure }), 1)
    }
    t.equal(origin.requests.length, 0)
  }
)

t.test('bytes that are no request are answered, and never repeated', async t => {
  const { port, origin, adminUrl } = await behind(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  const cases: Readonly<Record<string, readonly [bytes: string, status: number]>> = {
    nonsense: ['NONSENSE<script>\r\n\r\n', 400],
    'both framings': [
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400
    ],
    'no host': ['GET / HTTP/1.1\r\n\r\n', 400],
    'a space before the colon': ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    'a bare line feed': ['GET / HTTP/1.1\nHost: a\n\n', 400],
    'a header of 40 KiB': [`GET / HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    'a header of 101 fields': [`GET / HTTP/1.1\r\nHost: a\r\n${'X-A: 1\r\n'.repeat(101)}\r\n`, 431]
  }
  for (const [name, [bytes, status]] of Object.entries(cases)) {
    for (const used of [false, true]) {
      const client = await connectRaw(t, port)
      if (used) {
        client.send(requestOf({}))
        await client.answer()
      }
      const before = origin.requests.length
      client.send(bytes)
      const answer = await client.answer(used ? 1 : 0)
      t.equal(statusOf(answer), status, `${name}${used ? ', on a connection that was used before' : ''}`)
      t.notMatch(answer.body.toString(), '<')
      await client.over
      t.equal(origin.requests.length, before)
    }
  }
  const counted = await metric(adminUrl, 'tracebridge_failures_total', { code: 'BAD_REQUEST' })
  t.equal(counted, 10, 'each is counted, though no request came of it')
  t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: 'HEADER_TOO_LARGE' }), 4)
})

t.test(
  'an expectation that nobody can meet is a 417, a CONNECT a 405, and both end the connection',
  async t => {
    const { port, adminUrl } = await behind(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    for (const [bytes, status, code] of [
      ['GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n', 417, 'EXPECTATION_FAILED'],
      ['CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 405, 'METHOD_NOT_ALLOWED']
    ] as const) {
      const client = await connectRaw(t, port)
      client.send(bytes)
      const answer = await client.answer()
      t.equal(statusOf(answer), status)
      t.equal(JSON.parse(answer.body.toString()).error, code)
      await client.over
      t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code }), 1)
    }
  }
)

t.test('a preflight and a 404 leave the connection to the next request', async t => {
  const { port } = await run(
    t,
    `
cors: { origins: [https://shop.example] }
upstreams: { demo: { echo: true } }
routes: [{ match: { path: /known }, upstream: demo }]
`
  )
  const client = await connectRaw(t, port)
  const asking = [
    ['Origin', 'https://shop.example'],
    ['Access-Control-Request-Method', 'GET']
  ] as const
  client.send(requestOf({ path: '/unknown' }))
  t.equal(statusOf(await client.answer()), 404)
  client.send(requestOf({ path: '/known', method: 'OPTIONS', fields: asking }))
  t.equal(statusOf(await client.answer(1)), 204)
  client.send(requestOf({ path: '/known' }))
  t.equal(statusOf(await client.answer(2)), 200)
})

t.test('nonsense behind a request that is being answered ends the connection with that answer', async t => {
  const { port, origin } = await behind(t, () => undefined)
  const client = await connectRaw(t, port)
  client.send(`${requestOf({})}NONSENSE\r\n\r\n${requestOf({ path: '/smuggled' })}`)
  await until(() => origin.requests.length === 1, 'the request is under way')
  t.equal(client.text(), '', 'a 400 would be taken for the answer')
  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  t.equal(await client.over, 'end')
  t.match(client.answers, [{ start: 'HTTP/1.1 200 OK', body: Buffer.from('ok') }])
  t.equal(client.answers.length, 1)
  t.equal(origin.requests.length, 1)
})

t.test('a body that turns out to be no HTTP is a 400, and no upstream takes it for whole', async t => {
  const { port, accessLog, origin } = await behind(t, () => undefined)
  const client = await connectRaw(t, port)
  client.send('POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n')
  await until(() => origin.open.size === 1, 'the upstream gets what is there')
  client.send('x\r\n')
  t.equal(statusOf(await client.answer()), 400)
  await client.over
  await until(() => origin.open.size === 0, 'the upstream sees it break off')
  t.equal(origin.requests.length, 0)
  t.match(await accessLog.entry('/upload'), { status: 400, failure: 'BAD_REQUEST' })
})

t.test(
  'a caller that leaves takes the request under way with it, and those behind it are never sent',
  async t => {
    const gateway = await behind(t, () => undefined)
    const client = await connectRaw(t, gateway.port)
    client.send(
      requestOf({ path: '/1' }) +
        requestOf({ path: '/2', method: 'POST', body: 'x' }) +
        requestOf({ path: '/3' })
    )
    await until(() => gateway.origin.requests.length === 1, 'the first is under way')
    client.socket.destroy()
    await until(() => gateway.origin.open.size === 0, 'the upstream sees it')
    t.match(await gateway.accessLog.entry('/1'), { status: 499, failure: 'CALLER_GONE' })
    t.equal(await metric(gateway.adminUrl, 'tracebridge_requests_in_flight'), 0)
    t.equal(gateway.origin.requests.length, 1)
  }
)
