// HTTP/2 in front: what callers by it get, and what upstreams by HTTP/1 see of them.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { tlsOf } from '../certificates.ts'
import { ask, connectH2, fieldIn } from '../h2.ts'
import { valueIn } from '../message.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { connectRaw, requestOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

async function gateway(t: Test, respond?: Respond, more = ''): Promise<Running & { origin: Origin }> {
  const origin = await startOrigin(t, respond)
  const running = await run(
    t,
    `${more}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  return { ...running, origin }
}

t.test('a request in frames reaches an upstream that speaks in lines, and its answer comes back', async t => {
  const { url, origin } = await gateway(
    t,
    () =>
      'HTTP/1.1 201 Made\r\nContent-Length: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: x-hop\r\nX-Hop: 1\r\nX-Word: \xe9\r\n\r\nok'
  )
  const session = await connectH2(t, url)
  const answer = ask(session, {
    method: 'POST',
    path: '/orders?x=1',
    // Browsers send cookies in crumbs.
    fields: ['x-twice', '1', 'x-twice', '2', 'cookie', 'a=1', 'cookie', 'b=2', 'te', 'trailers'],
    body: 'hello'
  })
  t.equal(await answer.over, 'end')
  t.equal(answer.status(), 201)
  t.equal(answer.text(), 'ok')
  t.equal(fieldIn(answer.fields(), 'set-cookie'), 'a=1,b=2')
  t.equal(fieldIn(answer.fields(), 'x-word'), '\xe9')
  t.equal(fieldIn(answer.fields(), 'x-hop'), undefined)
  const { start, fields, body, framing } = origin.last()
  t.equal(start, 'POST /orders?x=1 HTTP/1.1')
  t.same(
    fields.filter(([name]) => name === 'x-twice').map(([, value]) => value),
    ['1', '2']
  )
  t.equal(valueIn(origin.last(), 'host'), 'shop.example')
  t.equal(valueIn(origin.last(), 'cookie'), 'a=1; b=2')
  t.equal(valueIn(origin.last(), 'via'), '2 tracebridge')
  t.equal(valueIn(origin.last(), 'te'), undefined)
  t.match(valueIn(origin.last(), 'traceparent'), /^00-/)
  t.equal(body.toString(), 'hello')
  t.equal(framing, 'chunked', 'a stream need not say how long it is')
})

t.test('an expectation that nobody can meet is a 417, as in lines, and costs no other stream', async t => {
  const { url, origin } = await gateway(t)
  const session = await connectH2(t, url)
  const refused = ask(session, { fields: ['expect', 'a-miracle'] })
  await refused.over
  t.equal(refused.status(), 417)
  t.strictSame(origin.requests, [])
  const next = ask(session, { fields: [] })
  t.equal(await next.over, 'end')
  t.equal(next.status(), 200)
})

t.test('a length that a stream says goes on', async t => {
  const { url, origin } = await gateway(t)
  const session = await connectH2(t, url)
  t.equal(await ask(session, { method: 'PUT', fields: ['content-length', '5'], body: 'hello' }).over, 'end')
  t.equal(origin.last().framing, 'length')
  t.equal(await ask(session).over, 'end')
  t.equal(origin.last().framing, 'none')
})

t.test('one listener speaks all of them, and a connection that takes its time to say which', async t => {
  const { port, url } = await gateway(t)
  t.equal(await ask(await connectH2(t, url)).over, 'end')
  const slow = await connectRaw(t, port)
  // P is the first letter of the preface as well.
  for (const byte of ['P', 'U', 'T / HTTP/1.1\r\nHost: a\r\n\r\n']) {
    slow.send(byte)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.match((await slow.answer()).start, 'HTTP/1.1 200')
  const old = await connectRaw(t, port)
  old.send('GET / HTTP/1.0\r\n\r\n')
  t.match((await old.answer()).start, 'HTTP/1.1 200')
  t.equal(await old.over, 'end', 'a caller of 1.0 that does not ask for more gets one answer')
})

t.test('many streams at once, each answered for itself', async t => {
  const { url, origin } = await gateway(t, ({ start }, socket) => {
    const path = start.split(' ')[1] ?? ''
    setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`), 20)
    return undefined
  })
  const session = await connectH2(t, url)
  const answers = Array.from({ length: 80 }, (_, number) => ask(session, { path: `/${number}` }))
  await Promise.all(answers.map(({ over }) => over))
  t.same(
    answers.map(({ text }) => text()),
    answers.map((_, number) => `/${number}`)
  )
  t.equal(origin.requests.length, 80)
})

t.test('HEAD, 204 and 304 have no body, ranges go through', async t => {
  const { url } = await gateway(t, ({ start }) =>
    start.startsWith('HEAD')
      ? 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n'
      : start.includes('/204')
        ? 'HTTP/1.1 204 No Content\r\n\r\n'
        : start.includes('/304')
          ? 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n'
          : 'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-2/7\r\nContent-Length: 2\r\n\r\nbc'
  )
  const session = await connectH2(t, url)
  const head = ask(session, { method: 'HEAD' })
  t.same([await head.over, head.status(), fieldIn(head.fields(), 'content-length')], ['end', 200, '7'])
  for (const status of [204, 304]) {
    const answer = ask(session, { path: `/${status}` })
    t.same([await answer.over, answer.status(), answer.text()], ['end', status, ''])
  }
  const part = ask(session, { fields: ['range', 'bytes=1-2'] })
  t.same([await part.over, part.status(), part.text()], ['end', 206, 'bc'])
})

t.test('trailers reach callers that read them', async t => {
  const { url, port } = await gateway(
    t,
    () =>
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Type: a/b\r\nSet-Cookie: a=b\r\n\r\n'
  )
  const session = await connectH2(t, url)
  const told = ask(session, { fields: ['te', 'trailers'] })
  t.equal(await told.over, 'end')
  t.same(told.trailers(), ['x-sum', '7'], 'but none that would change what was read')
  const untold = ask(session)
  t.equal(await untold.over, 'end')
  t.same(untold.trailers(), [])
  for (const [te, end] of [
    ['TE: trailers\r\n', '0\r\nX-Sum: 7\r\n\r\n'],
    ['', '0\r\n\r\n']
  ] as const) {
    const client = await connectRaw(t, port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${te}\r\n`)
    await until(() => client.text().endsWith(end), `the last chunk with ${JSON.stringify(te)}`)
  }
})

t.test('hints come ahead of the answer, except to 1.0; 102 goes nowhere', async t => {
  const links = ['</a.css>; rel=preload; as=style, </b.js>; rel=preload', '</c.png>; rel=preload']
  const { url, port } = await gateway(
    t,
    () =>
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: ${links[0]}\r\nX-Other: 1\r\nLink: ${links[1]}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`
  )
  const answer = ask(await connectH2(t, url))
  t.equal(await answer.over, 'end')
  t.same(answer.interim, [[':status', '103', 'link', links[0], 'link', links[1]]])
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  t.same(await client.answer(0), { ...(await client.answer(0)), start: 'HTTP/1.1 103 Early Hints' })
  t.same(
    (await client.answer(0)).fields,
    links.map(link => ['Link', link])
  )
  t.equal((await client.answer(1)).start, 'HTTP/1.1 200 OK')
  const old = await connectRaw(t, port)
  old.send('GET / HTTP/1.0\r\n\r\n')
  t.equal((await old.answer()).start, 'HTTP/1.1 200 OK')
})

t.test('who waits for 100 gets it once there is a route, and not before', async t => {
  const { url, port, origin } = await gateway(t, undefined, '')
  const session = await connectH2(t, url)
  const answer = ask(session, { method: 'POST', fields: ['expect', '100-continue'] }, true)
  await new Promise(resolve => answer.stream.once('continue', resolve))
  answer.stream.end('hello')
  t.equal(await answer.over, 'end')
  t.equal(origin.last().body.toString(), 'hello')
  const client = await connectRaw(t, port)
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  t.equal((await client.answer(0)).start, 'HTTP/1.1 100 Continue')
  client.send('world')
  t.equal((await client.answer(1)).start, 'HTTP/1.1 200 OK')
  t.equal(valueIn(origin.last(), 'expect'), undefined)

  const { port: closed } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /open }, upstream: origin }]
`
  )
  const refused = await connectRaw(t, closed)
  refused.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n')
  t.equal((await refused.answer()).start, 'HTTP/1.1 404 Not Found')
  t.equal(await refused.over, 'end', 'and the body is not waited for')
})

t.test('an answer that breaks off is no clean end', async t => {
  const { url, origin } = await gateway(t, () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
  const session = await connectH2(t, url)
  const answer = ask(session)
  await until(() => answer.text() === 'half', 'half of it is there')
  for (const socket of origin.open) socket.destroy()
  t.equal(await answer.over, 2, 'INTERNAL_ERROR')
  t.equal(session.closed, false, 'other streams go on')
})

t.test('a body that breaks off reaches no upstream as a whole one', async t => {
  let begun = false
  let broken = false
  const { url, origin } = await gateway(t, undefined)
  origin.open.forEach(() => {})
  const session = await connectH2(t, url)
  const answer = ask(session, { method: 'POST' }, true)
  answer.stream.write('half')
  await until(() => origin.open.size === 1, 'it is on its way')
  for (const socket of origin.open) {
    begun = true
    socket.on('close', () => {
      broken = true
    })
  }
  // The signal of Node's client would end the body cleanly first.
  answer.stream.destroy(new Error('changed my mind'))
  await until(() => broken, 'the upstream sees it break')
  t.equal(begun, true)
  t.equal(origin.requests.length, 0)
})

t.test('an answer before the end of the question ends the stream, and the connection goes on', async t => {
  const { url } = await run(
    t,
    `
upstreams: { origin: { targets: [{ url: "http://127.0.0.1:1" }] } }
routes: [{ match: { path: /open }, upstream: origin }]
`
  )
  const session = await connectH2(t, url)
  const answer = ask(session, { method: 'POST', path: '/closed' }, true)
  answer.stream.write('hello')
  t.equal(await answer.over, 'end')
  t.equal(answer.status(), 404)
  await until(() => answer.stream.closed, 'nobody waits for the rest')
  t.equal(ask(session, { path: '/closed' }).stream.closed, false)
})

t.test('a stream that reads slowly pauses the upstream, not its neighbours', async t => {
  const size = 32 * 1024 * 1024
  let written = 0
  const { url } = await gateway(t, ({ start }, socket) => {
    if (start.includes('/small')) return 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
    const piece = Buffer.alloc(64 * 1024, 'a')
    const pump = () => {
      while (written < size) {
        written += piece.length
        if (!socket.write(piece)) return
      }
    }
    socket.on('drain', pump)
    pump()
    return undefined
  })
  const session = await connectH2(t, url)
  const answer = ask(session)
  answer.stream.pause()
  let before = -1
  while (written !== before || written === 0) {
    before = written
    await new Promise(resolve => setTimeout(resolve, 150))
  }
  t.ok(written < size, `${written} bytes went before it stalled`)
  const small = ask(session, { path: '/small' })
  t.same([await small.over, small.text()], ['end', 'ok'])
  answer.stream.resume()
  t.equal(await answer.over, 'end')
  t.equal(answer.text().length, size)
})

t.test('listeners may speak one of them alone', async t => {
  const { url, port } = await gateway(t, undefined, 'listen: [{ address: 127.0.0.1:0, protocols: [h2] }]')
  t.equal(await ask(await connectH2(t, url)).over, 'end')
  const client = await connectRaw(t, port)
  client.send(requestOf({}))
  t.match((await client.answer()).start, 'HTTP/1.1 505')
  const old = await gateway(t, undefined, 'listen: [{ address: 127.0.0.1:0, protocols: [http1] }]')
  const modern = await connectRaw(t, old.port)
  modern.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  t.match((await modern.answer()).start, 'HTTP/1.1 400')
})

t.test('curl speaks all of them with one listener', async t => {
  const curl = promisify(execFile)
  const version = await curl('curl', ['--version']).then(
    ({ stdout }) => stdout,
    () => ''
  )
  if (!version.includes('HTTP2')) return t.comment('no curl with HTTP/2 here: not tried')
  const { url } = await gateway(t)
  const tls = await gateway(t, undefined, `listen: [{ address: 127.0.0.1:0, ${tlsOf()} }]`)
  const over = tls.url.replace('http:', 'https:')
  for (const [flag, target, spoken] of [
    ['--http2-prior-knowledge', url, '2'],
    // An offer to change to it, which nobody has to take.
    ['--http2', url, '1.1'],
    ['--http1.1', url, '1.1'],
    ['--http1.0', url, '1.1'],
    ['--http2', over, '2'],
    ['--http1.1', over, '1.1']
  ] as const) {
    const { stdout } = await curl('curl', ['-sk', flag, '-w', ' %{http_code} %{http_version}', target])
    t.equal(stdout, `ok 200 ${spoken}`, `${flag} ${target}`)
  }
})

t.test('a status beyond 599 is no answer, by whichever protocol it is asked for', async t => {
  for (const status of [600, 999]) {
    const { url, port } = await gateway(t, () => `HTTP/1.1 ${status} Odd\r\nContent-Length: 2\r\n\r\nok`)
    const answer = ask(await connectH2(t, url))
    t.equal(await answer.over, 'end')
    t.equal(answer.status(), 502)
    const client = await connectRaw(t, port)
    client.send(requestOf({}))
    t.match((await client.answer()).start, 'HTTP/1.1 502')
    t.match(client.text(), 'UPSTREAM_INVALID')
  }
})
