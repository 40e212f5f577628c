// What a caller sends is what the upstream gets, byte for byte, but for what a gateway must change; and back again.
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { type Message, valueIn } from '../message.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { serveFor } from '../served.ts'
import { until } from '../until.ts'

async function behind(t: Test, respond?: Respond): Promise<Running & { origin: Origin }> {
  const origin = await startOrigin(t, respond)
  const gateway = await run(t, rulesFor(origin.url))
  return { ...gateway, origin }
}

function rulesFor(url: string): string {
  return `
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
}

/** The URL of an upstream that answers as soon as it has read a header, and reads on. */
async function startServerOf(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    response.writeHead(413, { 'Content-Length': 8 }).end('too much')
  })
  const port = await serveFor(t, server)
  return `http://127.0.0.1:${port}`
}

/** Fields that come from the gateway, or that undici sees to itself. */
const ours =
  /^(?:host|connection|content-length|transfer-encoding|traceparent|tracestate|x-forwarded-.*|via)$/i

function theirs({ fields }: Message): readonly (readonly [string, string])[] {
  return fields.filter(([name]) => !ours.test(name))
}

t.test('names, order, repeats and latin1 values of request fields arrive as they were sent', async t => {
  const { port, origin } = await behind(t)
  const fields = [
    ['x-LOWER-upper', '1'],
    ['Accept', 'text/html'],
    ['X-Repeat', 'one'],
    ['Cookie', 'a=1'],
    ['x-repeat', 'two'],
    ['Cookie', 'b=2'],
    ['X-Latin', 'caf\xe9 \xff\x80'],
    ['X-Empty', ''],
    ['X-Spaces', 'a  b\tc'],
    ['__proto__', 'polluted'],
    ['constructor', 'x'],
    ['X_Under', 'y'],
    ['Accept', '*/*']
  ] as const
  await ask(t, port, { fields })
  t.strictSame(theirs(origin.last()), fields)
  t.equal(valueIn(origin.last(), 'host'), 'shop.example', 'the caller’s Host, not the target’s')
})

t.test('the request target arrives as it was sent, where rules take any path', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(t, `${rulesFor(origin.url)}paths: raw\n`)
  const targets = [
    '/',
    '//x',
    '//evil.example/x',
    '/a%2Fb/%2e%2e/c',
    '/a/../b/./c',
    '/?',
    '/x?a=b&c=%20&a=b',
    '/x??y=/z',
    '/;p=1/a:b@c',
    "/!$&'()*+,;=",
    '/%zz',
    '/x?q={|}^`"<>'
  ]
  for (const path of targets) {
    t.equal(statusOf(await ask(t, port, { path })), 200)
    t.equal(origin.last().start, `GET ${path} HTTP/1.1`)
  }
})

t.test('unusual methods go through', async t => {
  const { port, origin } = await behind(t)
  for (const method of ['PROPFIND', 'QUERY', 'PATCH', 'OPTIONS', 'DELETE', 'PURGE']) {
    await ask(t, port, { method })
    t.equal(origin.last().start, `${method} / HTTP/1.1`)
  }
})

t.test('names, order, repeats and latin1 values of answer fields arrive as they were sent', async t => {
  const { port } = await behind(
    t,
    () =>
      'HTTP/1.1 299 Fine \xe9ven so\r\nSet-Cookie: a=1; Path=/\r\nX-Odd-CASE: caf\xe9\r\nset-cookie: b=2\r\nDate: then\r\nX-Empty:\r\nContent-Length: 0\r\nServer: old\r\n\r\n'
  )
  const answer = await ask(t, port)
  t.match(answer.start, /^HTTP\/1\.1 299 /)
  t.strictSame(
    answer.fields.filter(([name]) => !/^(?:connection|keep-alive)$/i.test(name)),
    [
      ['Set-Cookie', 'a=1; Path=/'],
      ['X-Odd-CASE', 'caf\xe9'],
      ['set-cookie', 'b=2'],
      ['Date', 'then'],
      ['X-Empty', ''],
      ['Content-Length', '0'],
      ['Server', 'old']
    ]
  )
})

t.test('a reason phrase is handed on, and one of strange bytes fails nothing', async t => {
  for (const [phrase, wanted] of [
    ['Made Up', 'HTTP/1.1 200 Made Up'],
    ['', 'HTTP/1.1 200 '],
    [Buffer.from('日本').toString('latin1'), /^HTTP\/1\.1 200 /]
  ] as const) {
    const { port } = await behind(t, () => `HTTP/1.1 200 ${phrase}\r\nContent-Length: 0\r\n\r\n`)
    t.match((await ask(t, port)).start, wanted)
  }
})

t.test('fields of one hop end here, whichever way they go', async t => {
  const { port, origin } = await behind(
    t,
    () =>
      'HTTP/1.1 200 OK\r\nConnection: x-secret, set-cookie\r\nX-Secret: 1\r\nSet-Cookie: a=1\r\nUpgrade: h2c\r\nProxy-Connection: x\r\nTrailer: x\r\nTE: x\r\nContent-Length: 0\r\n\r\n'
  )
  const answer = await ask(t, port, {
    fields: [
      ['Connection', 'X-Hop, keep-alive'],
      ['X-Hop', '1'],
      ['connection', 'x-other'],
      ['X-Other', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Connection', 'keep-alive'],
      ['TE', 'trailers'],
      ['Trailer', 'X-Sum'],
      ['Upgrade', 'h2c'],
      ['X-Stays', '1']
    ]
  })
  t.strictSame(theirs(origin.last()), [['X-Stays', '1']])
  t.strictSame(
    answer.fields
      .map(([name]) => name)
      .filter(name => !/^(?:date|connection|keep-alive|content-length)$/i.test(name)),
    ['Set-Cookie'],
    'an upstream cannot nominate a cookie away either'
  )
})

t.test('a caller cannot nominate away what the gateway adds, nor what frames the request', async t => {
  const origin = await startOrigin(t)
  const { port } = await run(
    t,
    `
emit: [w3c, b3]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const nominated =
    'traceparent, tracestate, x-forwarded-for, x-forwarded-proto, x-forwarded-host, x-forwarded-port, via, b3, host, content-length'
  const answer = await ask(t, port, {
    method: 'POST',
    fields: [
      ['Connection', nominated],
      ['X-Forwarded-Proto', 'https'],
      ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
      ['tracestate', 'a=b']
    ],
    body: 'hello'
  })
  t.equal(statusOf(answer), 200)
  const request = origin.last()
  t.equal(request.body.toString(), 'hello')
  t.equal(valueIn(request, 'content-length'), '5')
  t.equal(valueIn(request, 'host'), 'shop.example')
  t.match(valueIn(request, 'traceparent'), /^00-4bf92f3577b34da6a3ce929d0e0e4736-/)
  t.equal(valueIn(request, 'tracestate'), 'a=b')
  t.match(valueIn(request, 'b3'), /^4bf92f3577b34da6a3ce929d0e0e4736-/)
  t.equal(valueIn(request, 'x-forwarded-for'), '127.0.0.1')
  t.equal(valueIn(request, 'x-forwarded-proto'), 'https', 'the believed caller’s word stays')
  t.equal(valueIn(request, 'x-forwarded-host'), 'shop.example')
  t.equal(valueIn(request, 'x-forwarded-port'), String(port))
  t.equal(valueIn(request, 'via'), '1.1 tracebridge')
})

t.test('every framing of a request body arrives whole', async t => {
  const { port, origin } = await behind(t)
  const client = await connectRaw(t, port)
  client.send(requestOf({ method: 'POST', body: 'by length' }))
  await client.answer(0)
  t.match(origin.last(), { framing: 'length', body: Buffer.from('by length') })
  client.send(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nin \r\n6\r\nchunks\r\n0\r\nX-Trailer: 1\r\n\r\n'
  )
  await client.answer(1)
  t.equal(origin.last().body.toString(), 'in chunks', 'a body that is all here may go by length')
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
  await client.answer(2)
  t.match(origin.last(), { framing: 'length', body: Buffer.alloc(0) })
  client.send('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody')
  await client.answer(3)
  t.match(origin.last(), { framing: 'length', body: Buffer.from('body') }, 'a GET may have one')
  client.send('DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n')
  await client.answer(4)
  t.equal(origin.last().body.toString(), 'body')
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.answer(5)
  t.match(origin.last(), { framing: 'none' })
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n')
  setImmediate(() => client.send('3\r\ntwo\r\n0\r\n\r\n'))
  await client.answer(6)
  t.equal(origin.last().body.toString(), 'onetwo')
  t.equal(origin.connections(), 1, 'all over one connection')
})

t.test('answers by length, in chunks and to the end of the connection arrive whole', async t => {
  const { port } = await behind(t, ({ start }, socket) => {
    if (start.includes('/chunks'))
      return 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n6\r\nchunks\r\n0\r\n\r\n'
    if (start.includes('/length')) return 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nby length'
    socket.end('HTTP/1.1 200 OK\r\n\r\nto the end')
    return undefined
  })
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/chunks' }))
  t.match(await client.answer(0), { framing: 'chunked', body: Buffer.from('in chunks') })
  client.send(requestOf({ path: '/length' }))
  t.match(await client.answer(1), { framing: 'length', body: Buffer.from('by length') })
  client.send(requestOf({ path: '/end' }))
  t.match(await client.answer(2), { framing: 'chunked', body: Buffer.from('to the end') })
})

t.test('HEAD, 204 and 304 have no body, keep their fields and their connections', async t => {
  // Only so does undici keep a connection after HEAD.
  const kept = 'HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n'
  const { port, origin } = await behind(t, ({ start }) => {
    if (start.startsWith('HEAD /chunks')) return `${kept}Transfer-Encoding: chunked\r\n\r\n`
    if (start.startsWith('HEAD')) return `${kept}Content-Length: 1234\r\nETag: "a"\r\n\r\n`
    if (start.includes('/204')) return 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n'
    return 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
  })
  const client = await connectRaw(t, port, { methods: ['HEAD', 'GET', 'GET', 'HEAD', 'HEAD'] })
  const asked = [
    ['HEAD', '/'],
    ['GET', '/204'],
    ['GET', '/304'],
    ['HEAD', '/chunks'],
    ['HEAD', '/']
  ] as const
  for (const [number, [method, path]] of asked.entries()) {
    client.send(requestOf({ method, path }))
    await client.answer(number)
  }
  const [head, noContent, notModified] = client.answers
  t.match(head?.head, /Content-Length: 1234\r\nETag: "a"\r\n/)
  t.match(noContent?.head, /^HTTP\/1\.1 204 No Content\r\nX-A: 1\r\n/)
  t.notMatch(noContent?.head, /content-length|transfer-encoding/i)
  t.match(notModified?.head, /ETag: "a"\r\n/)
  t.equal(client.answers.length, 5)
  t.equal(origin.connections(), 1, 'not one connection for each HEAD')
})

t.test('an interim answer is not the answer', async t => {
  const { port, origin } = await behind(
    t,
    () =>
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  )
  const client = await connectRaw(t, port)
  for (let i = 0; i < 3; i++) {
    client.send(requestOf({}))
    t.match(await client.answer(2 * i), { start: 'HTTP/1.1 103 Early Hints' }, 'hints go on, 102 does not')
    t.match(await client.answer(2 * i + 1), { start: 'HTTP/1.1 200 OK', body: Buffer.from('ok') })
  }
  t.equal(origin.connections(), 1)
})

t.test('a caller that expects 100 gets it here, and the upstream never hears of it', async t => {
  const { port, origin } = await behind(t)
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
  t.match((await client.answer(0)).start, /^HTTP\/1\.1 100 /)
  client.send('hello')
  t.equal(statusOf(await client.answer(1)), 200)
  t.equal(valueIn(origin.last(), 'expect'), undefined)
  t.equal(origin.last().body.toString(), 'hello')
})

t.test('callers of HTTP/1.0 are served', async t => {
  const { port, origin } = await behind(
    t,
    () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'
  )
  const client = await connectRaw(t, port)
  client.send('GET /old HTTP/1.0\r\nX-A: 1\r\n\r\n')
  t.equal(await client.over, 'end')
  t.match(client.answers[0], { framing: 'close', body: Buffer.from('ok') }, 'without chunks')
  t.equal(origin.last().start, 'GET /old HTTP/1.1')
  t.equal(valueIn(origin.last(), 'host'), `127.0.0.1:${origin.port}`, 'an upstream needs one')
  t.equal(valueIn(origin.last(), 'x-forwarded-host'), undefined)
})

t.test('requests sent in one go are answered in their order', async t => {
  const { port, origin } = await behind(t, ({ start, body }, socket) => {
    const path = start.split(' ')[1] ?? ''
    const text = `${path}${body}`
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
    // The first one takes its time.
    if (path !== '/1') return answer
    void until(() => origin.requests.length === 2, 'another caller').then(() => socket.write(answer))
    return undefined
  })
  const client = await connectRaw(t, port)
  client.send(
    requestOf({ path: '/1' }) +
      requestOf({ path: '/2', method: 'POST', body: 'two' }) +
      requestOf({ path: '/3' }) +
      requestOf({ path: '/4' })
  )
  await until(() => origin.requests.length === 1, 'the first arrived')
  await ask(t, port, { path: '/other' })
  await client.answer(3)
  t.strictSame(
    client.answers.map(({ body }) => body.toString()),
    ['/1', '/2two', '/3', '/4']
  )
})

t.test('a reload of the page uses the connections that are there', async t => {
  const { port, origin } = await behind(t)
  const client = await connectRaw(t, port)
  for (let i = 0; i < 50; i++) {
    client.send(requestOf({ path: `/${i}` }))
    await client.answer(i)
  }
  t.equal(origin.connections(), 1)
})

t.test('an answer ahead of the body is delivered, and the rest of the body is no request', async t => {
  const origin = await startServerOf(t)
  const { port } = await run(t, rulesFor(origin))
  const client = await connectRaw(t, port)
  client.send('POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nsome')
  const answer = await client.answer()
  t.equal(statusOf(answer), 413)
  t.equal(answer.body.toString(), 'too much')
  t.match(valueIn(answer, 'connection'), 'close')
  client.send(requestOf({ path: '/smuggled' }))
  await client.over
  t.equal(client.answers.length, 1)
})

t.test('an early answer reaches a caller that goes on sending', async t => {
  const origin = await startServerOf(t)
  const { port } = await run(t, rulesFor(origin))
  for (let round = 0; round < 5; round++) {
    const client = await connectRaw(t, port)
    client.send('POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
    const piece = Buffer.alloc(65_536, 'x')
    const pump = () => {
      while (client.socket.writable && client.socket.write(piece));
    }
    client.socket.on('drain', pump)
    pump()
    t.match(await client.answer(), { start: /^HTTP\/1.1 413 /, body: Buffer.from('too much') })
    client.socket.destroy()
  }
})

t.test('a header that comes ahead of its body keeps its bytes', async t => {
  const { port } = await behind(t, (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX-Odd: caf\xe9\r\nContent-Length: 2\r\n\r\n', 'latin1')
    setTimeout(() => socket.write('ok'), 50)
    return undefined
  })
  t.equal(valueIn(await ask(t, port), 'x-odd'), 'caf\xe9')
})
