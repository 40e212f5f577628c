import { createServer } from 'node:net'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { createPost, retryAfter } from '../../src/report/post.ts'
import { holdClosedPort } from '../closed-port.ts'
import { portFor } from '../served.ts'
import { until } from '../until.ts'
import { startCollector } from './collector.ts'

const body = Buffer.from('spans '.repeat(100))

t.test('a body goes out whole, under its content type and the headers of the rules', async t => {
  const collector = await startCollector(t, response => response.writeHead(202).end('fine'))
  const post = createPost({
    url: `${collector.url}?tenant=a`,
    headers: { 'X-Api-Key': 'secret', 'User-Agent': 'mine' },
    compression: 'none',
    timeoutMs: 5000
  })
  t.teardown(post.close)
  t.strictSame(await post.send(body, 'application/x-protobuf'), {
    kind: 'accepted',
    body: Buffer.from('fine'),
    bytes: body.length
  })
  const [request] = collector.requests
  t.equal(request?.url, '/v1/traces?tenant=a')
  t.strictSame(request?.body, body)
  t.match(request?.headers, {
    'content-type': 'application/x-protobuf',
    'x-api-key': 'secret',
    'user-agent': 'mine',
    'content-length': String(body.length)
  })
  t.notOk(request?.headers['content-encoding'])
})

t.test('gzip: smaller on the wire, the same at the other end', async t => {
  const collector = await startCollector(t, response => response.writeHead(200).end())
  const post = createPost({ url: collector.url, headers: {}, compression: 'gzip', timeoutMs: 5000 })
  t.teardown(post.close)
  const { bytes } = await post.send(body, 'text/plain')
  const [request] = collector.requests
  t.equal(request?.headers['content-encoding'], 'gzip')
  t.equal(bytes, request?.body.length)
  t.ok(bytes < body.length / 2)
  t.strictSame(gunzipSync(request?.body ?? ''), body)
})

t.test('nobody listening is a reason to try again, not an exception', async t => {
  const post = createPost({
    url: `http://127.0.0.1:${await holdClosedPort(t)}/`,
    headers: {},
    compression: 'none',
    timeoutMs: 5000
  })
  t.teardown(post.close)
  t.strictSame(await post.send(body, 'text/plain'), {
    kind: 'retry',
    afterMs: undefined,
    why: 'ECONNREFUSED',
    bytes: 0
  })
})

t.test('an answer that never begins runs into the timeout', async t => {
  const collector = await startCollector(t, () => {})
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 30 })
  t.teardown(post.close)
  t.match(await post.send(body, 'text/plain'), { kind: 'retry', why: 'timeout' })
})

t.test('an answer that never ends does not hold the batch: its status has been said', async t => {
  const collector = await startCollector(t, response => {
    response.writeHead(200)
    response.write('a')
  })
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 2000 })
  t.teardown(post.close)
  t.match(await post.send(body, 'text/plain'), { kind: 'accepted', body: Buffer.from('a') })
})

t.test('of a huge answer only the beginning is held', async t => {
  const collector = await startCollector(t, response => response.writeHead(200).end(Buffer.alloc(8_000_000)))
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 5000 })
  t.teardown(post.close)
  const answer = await post.send(body, 'text/plain')
  t.ok(answer.kind === 'accepted' && answer.body.length < 256 * 1024)
  t.match(await post.send(body, 'text/plain'), { kind: 'accepted' }, 'and the next one is served')
})

t.test('a header that cannot be written is refused at once', async t => {
  const collector = await startCollector(t, response => response.writeHead(200).end())
  const headers = { 'x-key': 'a\r\nb: c' }
  const post = createPost({ url: collector.url, headers, compression: 'none', timeoutMs: 5000 })
  t.teardown(post.close)
  t.match(await post.send(body, 'text/plain'), { kind: 'refused', bytes: 0 })
  t.equal(collector.requests.length, 0)
})

t.test('closing ends what is under way', async t => {
  const collector = await startCollector(t, () => {})
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 60_000 })
  const answer = post.send(body, 'text/plain')
  await post.close()
  t.match(await answer, { kind: 'retry' })
})

t.test('two sockets are enough, and are used again', async t => {
  const sockets = new Set<unknown>()
  const collector = await startCollector(t, response => {
    sockets.add(response.socket)
    setImmediate(() => response.writeHead(200).end())
  })
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 5000 })
  t.teardown(post.close)
  t.match(await post.send(body, 'text/plain'), { kind: 'accepted' })
  t.match(await post.send(body, 'text/plain'), { kind: 'accepted' })
  t.equal(sockets.size, 1)
  const answers = await Promise.all(Array.from({ length: 5 }, () => post.send(body, 'text/plain')))
  t.same(
    answers.map(({ kind }) => kind),
    Array.from({ length: 5 }, () => 'accepted')
  )
  t.equal(sockets.size, 2)
})

t.test('closing ends what waits for a socket as well, and nothing is sent behind it', async t => {
  const collector = await startCollector(t, () => {})
  const post = createPost({ url: collector.url, headers: {}, compression: 'none', timeoutMs: 60_000 })
  const answers = Promise.all(Array.from({ length: 5 }, () => post.send(body, 'text/plain')))
  await until(() => collector.requests.length === 2, 'two are under way')
  await post.close()
  for (const answer of await answers) t.match(answer, { kind: 'retry' })
  t.match(await post.send(body, 'text/plain'), { kind: 'retry' })
  t.equal(collector.requests.length, 2)
})

// CVE-2026-48931 (node:http). What lay unread on an idle connection was taken for the answer to the next request: a batch
// that nobody had taken would count as exported.
for (const when of ['with the answer', 'a moment later'])
  t.test(`CVE-2026-48931: an answer that nobody asked for, sent ${when}, takes no batch`, async t => {
    const unasked = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
    let asked = 0
    let sent = () => {}
    const told = new Promise<void>(resolve => {
      sent = resolve
    })
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.on('data', () => {
        if (asked++ > 0) return void socket.write('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n')
        if (when === 'with the answer') socket.write(unasked + unasked, () => sent())
        else socket.write(unasked, () => setImmediate(() => socket.write(unasked, () => sent())))
      })
    })
    const url = `http://127.0.0.1:${await portFor(server)}/`
    t.teardown(() => server.close())
    const post = createPost({ url, headers: {}, compression: 'none', timeoutMs: 5000 })
    t.teardown(post.close)
    t.match(await post.send(body, 'text/plain'), { kind: 'accepted' })
    await told
    t.match(await post.send(body, 'text/plain'), { kind: 'retry' })
  })

t.test('a collector that leaves HTTP has not taken the batch', async t => {
  let asked = 0
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', () => {
      const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
      socket.write(asked++ < 2 ? upgrade : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  const url = `http://127.0.0.1:${await portFor(server)}/`
  t.teardown(() => server.close())
  const post = createPost({ url, headers: {}, compression: 'none', timeoutMs: 5000 })
  t.teardown(post.close)
  const answers = await Promise.all(Array.from({ length: 3 }, () => post.send(body, 'text/plain')))
  t.same(answers.map(({ kind }) => kind).sort(), ['accepted', 'retry', 'retry'])
})

t.test('Retry-After is seconds or a date, a minute at most', async t => {
  const now = Date.parse('2026-01-02T03:04:05Z')
  const cases: readonly (readonly [string | string[] | undefined, number | undefined])[] = [
    ['0', 0],
    ['7', 7000],
    ['60', 60_000],
    ['61', 60_000],
    ['9999999999', 60_000],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['Fri, 02 Jan 2026 04:04:15 GMT', 60_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['Fri, 99 Xyz 2026 03:04:00 GMT', undefined],
    ['2026-01-02T03:04:15Z', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['7 ', undefined],
    ['99999999999', undefined],
    ['', undefined],
    [['1', '2'], undefined],
    [undefined, undefined]
  ]
  for (const [field, expected] of cases) t.equal(retryAfter(field, now), expected, JSON.stringify(field))
})
