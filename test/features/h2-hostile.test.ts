// Frames that no client of good faith sends: none reaches an upstream as something else, none costs the gateway more
// than its sender.
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { tlsOf } from '../certificates.ts'
import { ask, blockOf, codeOf, connectFrames, connectH2, type FrameClient, frameTypes } from '../h2.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { type Origin, startOrigin } from '../origin.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

async function gateway(t: Test, more = ''): Promise<Running & { origin: Origin }> {
  const origin = await startOrigin(t)
  const running = await run(
    t,
    `${more}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...running, origin }
}

const endStream = 1
const endHeaders = 4
const plain = [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'shop.example']

function open(
  client: FrameClient,
  stream: number,
  fields: readonly string[],
  flags = endStream | endHeaders
): void {
  client.send(frameTypes.headers, flags, stream, blockOf(fields))
}

/** 1 is PROTOCOL_ERROR. https://www.rfc-editor.org/rfc/rfc9113#section-7 */
const malformed: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['a connection field', [...plain, 'connection', 'x-hop']],
  ['transfer-encoding', [...plain, 'transfer-encoding', 'chunked']],
  ['upgrade', [...plain, 'upgrade', 'websocket']],
  ['keep-alive', [...plain, 'keep-alive', 'timeout=5']],
  ['te other than trailers', [...plain, 'te', 'gzip']],
  ['a name in upper case', [...plain, 'X-Up', '1']],
  ['an unknown pseudo-field', [...plain, ':extra', '1']],
  ['one of answers', [...plain, ':status', '200']],
  ['a pseudo-field behind others', [...plain.slice(0, 6), 'x-a', '1', ':authority', 'shop.example']],
  ['two methods', [...plain, ':method', 'POST']],
  ['two paths', [...plain, ':path', '/admin']],
  ['no path', [':method', 'GET', ':scheme', 'http', ':authority', 'shop.example']],
  ['an empty path', [':method', 'GET', ':scheme', 'http', ':path', '', ':authority', 'shop.example']],
  ['no method', plain.slice(2)],
  ['two Hosts', [...plain.slice(0, 6), 'host', 'shop.example', 'host', 'shop.example']],
  ['an authority with a user', [...plain.slice(0, 6), ':authority', 'me@shop.example']],
  ['no scheme', [':method', 'GET', ':path', '/', ':authority', 'shop.example']],
  ['no authority at all', [':method', 'GET', ':scheme', 'http', ':path', '/']],
  ['a path of several lines', [...plain.slice(0, 4), ':path', '/ HTTP/1.1\r\nx: y', ...plain.slice(6)]],
  ['a protocol for CONNECT that nobody offered', [...plain, ':protocol', 'websocket']],
  ['a length that its end contradicts', [...plain, 'content-length', '5']]
]

t.test('a malformed header ends its stream, and reaches nobody', async t => {
  const { port, origin } = await gateway(t)
  for (const [what, fields] of malformed) {
    const client = await connectFrames(t, port)
    open(client, 1, fields)
    t.equal(codeOf(await client.frame(frameTypes.reset, 1)), 1, what)
    t.equal(origin.requests.length, 0)
  }
  const client = await connectFrames(t, port)
  open(client, 1, [...plain, 'te', 'gzip'])
  open(client, 3, plain)
  await client.frame(frameTypes.headers, 3)
  t.equal(origin.requests.length, 1, 'the next stream on its connection goes on')
})

t.test('a field that is none is left out by nghttp2, whole', async t => {
  const { port, origin } = await gateway(t)
  for (const [name, value] of [
    ['x up', '1'],
    ['x-a', '1\r\nx-b: 2'],
    ['x-a', '1\0']
  ] as const) {
    const client = await connectFrames(t, port)
    open(client, 1, [...plain, name, value])
    await client.frame(frameTypes.headers, 1)
    t.same(
      origin
        .last()
        .fields.filter(
          ([field]) => field.startsWith('x-a') || field.startsWith('x-b') || field.includes(' ')
        ),
      []
    )
  }
})

/** Well-formed, but not for an upstream. */
const refused: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['Host that says something else than :authority', [...plain, 'host', 'evil.example']],
  ['an authority of two', [...plain.slice(0, 6), ':authority', 'shop.example,evil.example']],
  ['a path with a fragment', [...plain.slice(0, 4), ':path', '/a#b', ...plain.slice(6)]],
  ['CONNECT', [':method', 'CONNECT', ':authority', '169.254.169.254:80']],
  ['TRACE', [':method', 'TRACE', ...plain.slice(2)]],
  // A route closed by its method would be open to whoever writes it in another way, and upstreams may read that as meant.
  ['a method in lower case', [':method', 'delete', ...plain.slice(2)]],
  ['a method that nobody knows', [':method', 'FROB', ...plain.slice(2)]]
]

t.test('what no upstream is to see is answered here', async t => {
  const { port, origin, adminUrl } = await gateway(t)
  for (const [what, fields] of refused) {
    const client = await connectFrames(t, port)
    open(client, 1, fields)
    await client.frame(frameTypes.headers, 1)
    t.equal(origin.requests.length, 0, what)
  }
  const counted = (status: string) =>
    metric(adminUrl, 'http_server_request_duration_seconds_count', { status })
  await until(async () => (await counted('400')) + (await counted('405')) >= 7, 'they are counted')
  t.equal(await counted('400'), 5)
  t.equal(await counted('405'), 2, 'as in lines')
})

t.test('Host beside the same :authority is one of them', async t => {
  const { url, origin } = await gateway(t)
  const answer = ask(await connectH2(t, url), { fields: ['host', 'SHOP.example'] })
  t.equal(await answer.over, 'end')
  t.equal(valueIn(origin.last(), 'host'), 'shop.example')
})

t.test('a body that is not as long as it says ends the stream, and reaches nobody as a whole', async t => {
  const { port, origin } = await gateway(t)
  for (const body of ['four', 'a body']) {
    const client = await connectFrames(t, port)
    open(client, 1, [':method', 'POST', ...plain.slice(2), 'content-length', '5'], endHeaders)
    client.send(frameTypes.data, endStream, 1, Buffer.from(body))
    await until(() => client.closed() || client.frames.some(({ type }) => type === frameTypes.reset), body)
  }
  t.equal(origin.requests.length, 0)
})

t.test('streams that are reset as soon as they are opened end the connection', async t => {
  // CVE-2023-44487, "rapid reset": the number of streams at once never grows, that of requests does.
  const { port } = await gateway(t)
  // CANCEL, and NO_ERROR: what a caller says of it is its own affair.
  for (const code of [8, 0]) {
    const client = await connectFrames(t, port)
    for (let stream = 1; stream < 1200 && !client.closed(); stream += 2) {
      open(client, stream, plain)
      client.send(frameTypes.reset, 0, stream, Buffer.from([0, 0, 0, code]))
      if (stream % 100 === 1) await new Promise(resolve => setImmediate(resolve))
    }
    t.equal(codeOf(await client.frame(frameTypes.goaway, 0)), 11, 'ENHANCE_YOUR_CALM')
    await until(client.closed, 'it is over')
  }
})

t.test('streams that end as they should are no such thing, however many', async t => {
  const { url, origin } = await gateway(t)
  const session = await connectH2(t, url)
  for (const asked of [{}, { method: 'HEAD' }, { method: 'POST', body: 'a' }, { path: '/' }]) {
    for (let i = 0; i < 10; i++) {
      await Promise.all(Array.from({ length: 10 }, () => ask(session, asked).over))
    }
  }
  t.equal(origin.requests.length, 400)
  t.notOk(session.closed)
})

t.test('the word content-length as a value is no length', async t => {
  const { url, origin } = await gateway(t, 'limits: { body: 100B }')
  const session = await connectH2(t, url)
  const fields = ['x-a', 'content-length', 'x-b', '1']
  t.equal(await ask(session, { method: 'POST', fields, body: 'hello' }).over, 'end')
  t.equal(origin.last().body.toString(), 'hello')
  const large = ask(session, { method: 'POST', fields, body: 'a'.repeat(101) })
  await large.over
  t.equal(large.status(), 413)
})

t.test('more streams than allowed at once are refused', async t => {
  const origin = await startOrigin(t, () => undefined)
  const { port } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const client = await connectFrames(t, port)
  for (let stream = 1; stream <= 201; stream += 2) open(client, stream, plain)
  t.equal(codeOf(await client.frame(frameTypes.reset, 201)), 7, 'REFUSED_STREAM')
  await until(() => origin.requests.length === 100, 'a hundred go on')
})

t.test('a caller that hangs up in the middle leaves nothing behind', async t => {
  const origin = await startOrigin(t, () => undefined)
  const { app, adminUrl } = await run(
    t,
    `
listen: [{ address: 127.0.0.1:0 }, { address: 127.0.0.1:0, ${tlsOf()} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const inFlight = () => metric(adminUrl, 'tracebridge_requests_in_flight')
  for (const { port, scheme } of app.listen) {
    const socket =
      scheme === 'http'
        ? connect({ port, host: '127.0.0.1' })
        : connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
    t.teardown(() => socket.destroy())
    await once(socket, scheme === 'http' ? 'connect' : 'secureConnect')
    ask(await connectH2(t, `${scheme}://shop.example`, { createConnection: () => socket }))
    await until(async () => (await inFlight()) === 1, 'it is in flight')
    // An end, not a reset: half of a connection stays open where nobody looks.
    socket.end()
    await until(async () => (await inFlight()) === 0, 'it is over')
  }
  await until(() => origin.open.size === 0, 'and its upstream told')
  t.pass()
})

t.test('a header that goes on and on ends the connection', async t => {
  // CVE-2024-27983 and its like: CONTINUATION without end.
  const { port, origin } = await gateway(t)
  const client = await connectFrames(t, port)
  open(client, 1, plain, endStream)
  for (let i = 0; i < 2000 && !client.closed(); i++) {
    client.send(frameTypes.continuation, 0, 1, blockOf(['x-more', 'a'.repeat(200)]))
    if (i % 50 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  await until(client.closed, 'it is over')
  t.equal(origin.requests.length, 0)
})

t.test('a header that is too large, or has too many fields, reaches nobody', async t => {
  const { url, origin } = await gateway(t)
  const session = await connectH2(t, url)
  const many = Array.from({ length: 150 }, (_, i) => [`x-${i}`, '1']).flat()
  const large = Array.from({ length: 50 }, (_, i) => [`x-${i}`, 'a'.repeat(1000)]).flat()
  for (const fields of [many, large]) t.not(await ask(session, { fields }).over, 'end')
  t.equal(origin.requests.length, 0)
})

t.test('pings that nobody reads the answers to end the connection', async t => {
  const { port } = await gateway(t)
  const client = await connectFrames(t, port)
  client.socket.pause()
  const pings = Buffer.concat(
    Array.from({ length: 20_000 }, () => Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, ...Buffer.alloc(8)]))
  )
  let ended = false
  client.socket.on('error', () => {
    ended = true
  })
  client.socket.on('close', () => {
    ended = true
  })
  for (let i = 0; i < 400 && !ended; i++) {
    if (!client.socket.write(pings)) await new Promise(resolve => setTimeout(resolve, 5))
  }
  await until(() => ended, 'it is over')
  t.pass()
})

t.test('half a preface is not waited for for ever', async t => {
  const { port } = await gateway(t, 'listen: [{ address: 127.0.0.1:0, timeouts: { header: 200ms } }]')
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('PRI * HTT')
  // Where nobody got to read it in time it is cut off with a reset.
  await new Promise(resolve => socket.resume().on('close', resolve))
  t.pass()
})

t.test('nor one that comes byte by byte', async t => {
  const { port } = await gateway(t, 'listen: [{ address: 127.0.0.1:0, timeouts: { header: 300ms } }]')
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  let sent = 0
  socket.on('error', () => {})
  const drip = setInterval(() => socket.write(preface[sent++] ?? ''), 100)
  t.teardown(() => clearInterval(drip))
  // It may be cut as bytes are on their way: a reset is an end too.
  await new Promise(resolve => socket.resume().on('close', resolve))
  t.ok(sent < 10, `ended after ${sent} bytes`)
})

t.test('a header that comes byte by byte ends the session, and one that takes a moment does not', async t => {
  // More than a busy machine stands still for: until its first bytes a connection is judged by the clock alone.
  const { port, origin } = await gateway(t, 'listen: [{ address: 127.0.0.1:0, timeouts: { header: 2s } }]')
  const block = blockOf([...plain, 'x-long', 'a'.repeat(200)])
  const head = Buffer.from([0, block.length >> 8, block.length & 255, 1, 5, 0, 0, 0, 1])
  const header = Buffer.concat([head, block])
  const client = await connectFrames(t, port)
  client.socket.write(header.subarray(0, 20))
  await new Promise(resolve => setTimeout(resolve, 100))
  client.socket.write(header.subarray(20))
  await client.frame(frameTypes.headers, 1)
  t.equal(origin.requests.length, 1)

  const slow = await connectFrames(t, port)
  let sent = 0
  const drip = setInterval(() => slow.socket.write(header.subarray(sent, ++sent)), 30)
  t.teardown(() => clearInterval(drip))
  t.equal(codeOf(await slow.frame(frameTypes.goaway, 0)), 11, 'ENHANCE_YOUR_CALM')
  await until(slow.closed, 'it is over')
  t.equal(origin.requests.length, 1)
  t.notOk(client.closed(), 'who is idle stays')
})

t.test('who is told to go and does not hang up loses its place', async t => {
  const { port, adminUrl } = await gateway(
    t,
    'listen: [{ address: 127.0.0.1:0, limits: { connections: 1, requests: 1 } }]'
  )
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  const block = blockOf(plain)
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]))
  socket.write(Buffer.concat([Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, 1]), block]))
  await once(socket.resume(), 'end')
  await until(async () => (await metric(adminUrl, 'tracebridge_connections')) === 0, 'it is gone')
  const next = await connectFrames(t, port)
  open(next, 1, plain)
  await next.frame(frameTypes.headers, 1)
  t.pass()
})

t.test('a session without streams ends when its time is up', async t => {
  const { port } = await gateway(t, 'listen: [{ address: 127.0.0.1:0, timeouts: { keep-alive: 200ms } }]')
  const client = await connectFrames(t, port)
  t.equal(codeOf(await client.frame(frameTypes.goaway, 0)), 0)
  await until(client.closed, 'it is over')
})

t.test('after so many requests a session is to be another', async t => {
  const { url, origin } = await gateway(t, 'listen: [{ address: 127.0.0.1:0, limits: { requests: 3 } }]')
  const session = await connectH2(t, url)
  let told = false
  session.on('goaway', () => {
    told = true
  })
  for (const _ of [1, 2, 3]) t.equal(await ask(session).over, 'end')
  await until(() => told, 'it is told')
  await until(() => session.destroyed, 'and ended')
  t.equal(origin.requests.length, 3)
})
