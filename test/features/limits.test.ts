// What a caller or an upstream may take of the gateway, in bytes, in number and in time; and what becomes of those that
// take more.
import { once } from 'node:events'
import { connect } from 'node:http2'
import t, { type Test } from 'tap'
import type { Message } from '../message.ts'
import { metric } from '../metric.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

type World = Running & { readonly origin: Origin }

const at = { listen: '{}', limits: '{}', upstream: '{}', route: '' }

/** A gateway with these limits, in front of an upstream that answers so. */
async function behind(t: Test, rules: Partial<typeof at>, respond?: Respond): Promise<World> {
  const origin = await startOrigin(t, respond)
  return { ...(await run(t, rulesOf(origin, rules))), origin }
}

function rulesOf(origin: Origin, rules: Partial<typeof at>): string {
  const { listen, limits, upstream, route } = { ...at, ...rules }
  const own = listen === '{}' ? '' : `, ${listen}`
  return `
listen: [{ address: 127.0.0.1:0${own} }]
limits: ${limits}
upstreams: { origin: { targets: [{ url: "${origin.url}" }], timeouts: ${upstream} } }
routes: [{ match: { path: /** }, upstream: origin${route === '' ? '' : `, ${route}`} }]
`
}

function codeOf(answer: Message): unknown {
  return JSON.parse(answer.body.toString()).error
}

/** Milliseconds that something took. */
async function timed(what: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await what
  return performance.now() - start
}

t.test('a target is as long as the listener says, and no longer', async t => {
  const { port, origin } = await behind(t, { listen: 'limits: { target: 100B }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: `/${'a'.repeat(99)}` }))
  t.equal(statusOf(await client.answer()), 200)
  client.send(requestOf({ path: `/${'a'.repeat(90)}?${'b'.repeat(9)}` }))
  const answer = await client.answer(1)
  t.equal(statusOf(answer), 414)
  t.equal(codeOf(answer), 'TARGET_TOO_LONG')
  t.equal(await client.over, 'end')
  t.equal(origin.requests.length, 1)
})

t.test('without a word in the rules a target has 8 KiB', async t => {
  const { port } = await behind(t, {})
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: `/${'a'.repeat(8191)}` }))
  t.equal(statusOf(await client.answer()), 200)
  client.send(requestOf({ path: `/${'a'.repeat(8192)}` }))
  t.equal(statusOf(await client.answer(1)), 414)
})

t.test('a header is as large, and has as many fields, as the listener says', async t => {
  const { port, origin } = await behind(t, { listen: 'limits: { header: 2KiB, fields: 10 }' })
  for (const fields of [
    [['X-Long', 'a'.repeat(2048)]] as const,
    Array.from({ length: 10 }, (_, index) => [`X-${index}`, 'a'] as const)
  ]) {
    const client = await connectRaw(t, port)
    client.send(requestOf({ fields }))
    t.equal(statusOf(await client.answer()), 431)
    t.equal(await client.over, 'end')
  }
  t.equal(origin.requests.length, 0)
})

t.test('a body that says it is too large is refused before anybody sees it', async t => {
  const { port, origin } = await behind(t, { limits: '{ body: 10B }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({ method: 'POST', body: '0123456789' }))
  t.equal(statusOf(await client.answer()), 200)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n')
  const answer = await client.answer(1)
  t.equal(statusOf(answer), 413)
  t.equal(codeOf(answer), 'BODY_TOO_LARGE')
  t.equal(await client.over, 'end')
  t.equal(origin.requests.length, 1)
})

t.test('a body that does not say is counted, and cut for the upstream too', async t => {
  const { port, origin, adminUrl } = await behind(t, { limits: '{ body: 10B }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({ method: 'POST', fields: [['Transfer-Encoding', 'chunked']] }))
  client.send('a\r\n0123456789\r\n')
  await until(() => origin.open.size === 1, 'the upstream has it')
  client.send('1\r\nx\r\n0\r\n\r\n')
  const answer = await client.answer()
  t.equal(statusOf(answer), 413)
  t.equal(await client.over, 'end')
  await until(() => origin.open.size === 0, 'the upstream can tell that it was not all')
  t.equal(origin.requests.length, 0)
  t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: 'BODY_TOO_LARGE' }), 1)
  t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 0)
})

t.test('a body that is just within the limit arrives whole, in whatever pieces', async t => {
  const { port, origin } = await behind(t, { limits: '{ body: 1B }', route: 'limits: { body: 10B }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({ method: 'POST', fields: [['Transfer-Encoding', 'chunked']] }))
  for (const piece of ['3\r\nabc\r\n', '7\r\n0123456\r\n', '0\r\n\r\n']) client.send(piece)
  t.equal(statusOf(await client.answer()), 200)
  t.equal(origin.last().body.toString(), 'abc0123456')
})

t.test('connections beyond the ceiling are closed at once, and counted', async t => {
  const { port, adminUrl } = await behind(t, { listen: 'limits: { connections: 2 }' })
  const first = await connectRaw(t, port)
  await connectRaw(t, port)
  await until(async () => (await metric(adminUrl, 'tracebridge_connections')) === 2, 'both are in')
  const third = await connectRaw(t, port)
  await third.over
  t.equal(third.text(), '')
  t.equal(await metric(adminUrl, 'tracebridge_connections_turned_away_total'), 1)
  first.socket.destroy()
  await until(async () => (await metric(adminUrl, 'tracebridge_connections')) === 1, 'there is room again')
  const fourth = await connectRaw(t, port)
  fourth.send(requestOf({}))
  t.equal(statusOf(await fourth.answer()), 200)
})

t.test('a connection ends after so many requests, and says so with the last', async t => {
  const { port } = await behind(t, { listen: 'limits: { requests: 2 }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  t.notMatch((await client.answer()).head, /^connection: close/im)
  client.send(requestOf({}))
  t.match((await client.answer(1)).head, /^connection: close\r$/im)
  t.equal(await client.over, 'end')
})

t.test('requests beyond the ceiling are a 503 that says when to come back', async t => {
  const { port, adminUrl, origin } = await behind(t, { limits: '{ in-flight: 1 }' }, () => undefined)
  const busy = await connectRaw(t, port)
  busy.send(requestOf({}))
  await until(() => origin.requests.length === 1, 'one is under way')
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  const answer = await client.answer()
  t.equal(statusOf(answer), 503)
  t.equal(codeOf(answer), 'OVERLOADED')
  t.match(answer.head, /^retry-after: 1\r$/im)
  t.equal((await fetch(`${adminUrl}/readyz`)).status, 200, 'it is ready all the same')
  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t.equal(statusOf(await busy.answer()), 200)
})

t.test('a header has its time to arrive', async t => {
  // Longer than a busy machine stands still: a connection of which nothing was read by then is closed without a word.
  const { port } = await behind(t, { listen: 'timeouts: { header: 1500ms }' })
  const client = await connectRaw(t, port)
  client.send('GET / HTTP/1.1\r\nHost: a\r\n')
  const drip = setInterval(() => client.socket.write('X-A: b\r\n'), 50)
  t.teardown(() => clearInterval(drip))
  client.socket.on('error', () => {})
  t.equal(statusOf(await client.answer()), 408)
  await client.over
})

t.test('a request has its time to arrive, however it drips', async t => {
  const { port, origin } = await behind(t, { listen: 'timeouts: { request: 300ms }' })
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n')
  const drip = setInterval(() => client.socket.write('x'), 20)
  t.teardown(() => clearInterval(drip))
  client.socket.on('error', () => {})
  const took = await timed(client.answer())
  t.equal(statusOf(await client.answer()), 408)
  t.ok(took >= 290, `not before its time, but after ${took} ms`)
  clearInterval(drip)
  await until(() => origin.open.size === 0, 'the upstream is rid of it')
})

t.test('a route may give requests more time than its listener', async t => {
  const { port } = await behind(t, {
    listen: 'timeouts: { request: 100ms }',
    route: 'timeouts: { request: 0s }'
  })
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n')
  for (let sent = 0; sent < 10; sent++) {
    await new Promise(resolve => setTimeout(resolve, 40))
    client.send('x')
  }
  t.equal(statusOf(await client.answer()), 200)
})

t.test('a caller that stops amid its body is a 408, not a failure of the upstream', async t => {
  const { port, adminUrl, origin } = await behind(t, { upstream: '{ idle: 200ms, first-byte: 100ms }' })
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx')
  t.equal(statusOf(await client.answer()), 408)
  t.equal(await client.over, 'end')
  await until(() => origin.open.size === 0, 'the upstream is rid of it')
  await until(
    async () => (await metric(adminUrl, 'tracebridge_failures_total', { code: 'REQUEST_TIMEOUT' })) === 1,
    'it is counted'
  )
  t.equal(await metric(adminUrl, 'tracebridge_failures_total', { code: 'UPSTREAM_TIMEOUT' }), 0)
})

t.test('an upstream has its time to begin and to go on, to a tenth of a second', async t => {
  const begun = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx'
  const { port } = await behind(t, { upstream: '{ first-byte: 300ms, idle: 800ms }' }, ({ start }) =>
    start.includes('/begun') ? begun : undefined
  )
  // A machine that is busy with other things may be late, but not each time.
  const soonest = async (most: number, what: () => Promise<number>) => {
    let least = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 8 && least >= most; tries++) least = Math.min(least, await what())
    return least
  }
  const first = await soonest(600, async () => {
    const silent = await connectRaw(t, port)
    silent.send(requestOf({ path: '/silent' }))
    const took = await timed(silent.answer())
    t.equal(statusOf(await silent.answer()), 504)
    return took
  })
  t.ok(first >= 290 && first < 600, `a 504 after ${first} ms`)

  const idle = await soonest(1100, async () => {
    const stalled = await connectRaw(t, port)
    stalled.send(requestOf({ path: '/begun' }))
    const took = await timed(stalled.over)
    t.ok(stalled.text().endsWith('x'), 'the answer had begun')
    return took
  })
  t.ok(idle >= 790 && idle < 1100, `cut after ${idle} ms`)
})

t.test('a caller that takes nothing of its answer is cut, and so is the upstream', async t => {
  const piece = Buffer.alloc(65_536)
  const { port, adminUrl, origin } = await behind(
    t,
    { listen: 'timeouts: { write: 300ms }' },
    (_, socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      }
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      socket.on('drain', more)
      more()
      return undefined
    }
  )
  const client = await connectRaw(t, port)
  client.socket.pause()
  client.send(requestOf({}))
  await until(() => origin.open.size === 1, 'it is asked')
  await until(() => origin.open.size === 0, 'the upstream is rid of it')
  await until(
    async () => (await metric(adminUrl, 'tracebridge_failures_total', { code: 'CALLER_STALLED' })) === 1,
    'it is counted'
  )
  t.equal(await metric(adminUrl, 'tracebridge_requests_in_flight'), 0)
})

t.test('a caller that does not take the end of its answer is cut as well', async t => {
  const { port, adminUrl } = await behind(
    t,
    { listen: 'timeouts: { write: 300ms }' },
    () => `HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n${'x'.repeat(65_536)}`
  )
  const client = await connectRaw(t, port)
  client.socket.pause()
  // More answers than all buffers on the way hold: the last of them wait in the gateway, whole.
  client.send(requestOf({}).repeat(300))
  const stalled = () => metric(adminUrl, 'tracebridge_failures_total', { code: 'CALLER_STALLED' })
  await until(async () => (await stalled()) > 0, 'it is counted')
  await until(async () => (await metric(adminUrl, 'tracebridge_requests_in_flight')) === 0, 'all are over')
})

t.test('new limits are in force after a reload, for requests and connections that come then', async t => {
  const { port, app, origin, rewrite } = await behind(t, {})
  rewrite(rulesOf(origin, { listen: 'limits: { target: 10B }', limits: '{ body: 1B }' }))
  t.match(await app.reload(), { routes: 1 })
  const long = await connectRaw(t, port)
  long.send(requestOf({ path: '/0123456789' }))
  t.equal(statusOf(await long.answer()), 414)
  const large = await connectRaw(t, port)
  large.send(requestOf({ method: 'POST', body: 'xx' }))
  t.equal(statusOf(await large.answer()), 413)
})

t.test('a connection on which nothing comes ends after the keep-alive time', async t => {
  const { port } = await behind(t, { listen: 'timeouts: { keep-alive: 100ms }' })
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  await client.answer()
  await once(client.socket, 'close')
  t.equal(await client.over, 'end')
})

t.test(
  'an answer has a header as large as the upstream may send, and idle connections to it end',
  async t => {
    const origin = await startOrigin(t, ({ start }) => {
      const long = start.includes('/long') ? `X-Long: ${'a'.repeat(1024)}\r\n` : ''
      return `HTTP/1.1 200 OK\r\n${long}Content-Length: 0\r\n\r\n`
    })
    const { port } = await run(
      t,
      `
upstreams: { origin: { targets: [{ url: "${origin.url}" }], limits: { header: 1KiB, keep-alive: 50ms } } }
routes: [{ match: { path: /** }, upstream: origin }]
`
    )
    const client = await connectRaw(t, port)
    client.send(requestOf({ path: '/long' }))
    t.equal(statusOf(await client.answer()), 502)
    client.send(requestOf({}))
    t.equal(statusOf(await client.answer(1)), 200)
    const took = await timed(until(() => origin.open.size === 0, 'it ends'))
    t.ok(took < 3000, `after ${took} ms`)
  }
)

t.test('streams of HTTP/2 have the same limits, each for itself', async t => {
  const { url } = await behind(t, {
    listen: 'limits: { target: 10B }',
    limits: '{ body: 10B }',
    upstream: '{ idle: 300ms, first-byte: 200ms }'
  })
  const session = connect(url)
  t.teardown(() => session.close())
  const status = async (path: string, body?: { readonly bytes: string; readonly whole: boolean }) => {
    const method = body === undefined ? 'GET' : 'POST'
    const stream = session.request({ ':path': path, ':method': method }, { endStream: body === undefined })
    stream.on('error', () => {})
    stream.resume()
    if (body !== undefined) stream.write(body.bytes)
    if (body?.whole) stream.end()
    const [fields] = await once(stream, 'response')
    return fields[':status']
  }
  t.equal(await status('/'), 200)
  t.equal(await status('/0123456789'), 414)
  t.equal(await status('/', { bytes: '0123456789x', whole: true }), 413)
  const busy = setInterval(() => void status('/').catch(() => {}), 30)
  t.teardown(() => clearInterval(busy))
  t.equal(
    await status('/', { bytes: 'x', whole: false }),
    408,
    'what others send on the connection is no excuse'
  )
  clearInterval(busy)
})
