// "My client sends a checksum behind its upload: does the service get it?" By HTTP/2 to the service, yes.
import t, { type Test } from 'tap'
import { ask, blockOf, connectFrames, connectH2, fieldIn, frameTypes } from '../h2.ts'
import { startStreamOrigin } from '../h2-origin.ts'
import { startOrigin } from '../origin.ts'
import { connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

async function gateway(t: Test) {
  const trailers: string[][] = []
  const origin = await startStreamOrigin(t, ({ stream }) => {
    stream.on('trailers', (_fields, _flags, raw) => trailers.push(raw))
    stream.once('end', () => {
      if (stream.aborted) return
      stream.respond([':status', '200'])
      stream.end('ok')
    })
  })
  const old = await startOrigin(t)
  const running = await run(
    t,
    `
upstreams:
  origin: { protocol: h2, targets: [{ url: "${origin.url}" }] }
  old: { targets: [{ url: "${old.url}" }] }
routes: [{ match: { path: /** }, upstream: origin }, { match: { path: /old }, upstream: old }]
`
  )
  return { ...running, origin, old, trailers }
}

/** Uploads with these trailers. */
async function upload(t: Test, url: string, tail: Record<string, string | string[]>, fields: string[] = []) {
  const session = await connectH2(t, url)
  const stream = session.request([':method', 'POST', ':path', '/up', ':authority', 'a', ...fields], {
    endStream: false,
    waitForTrailers: true
  })
  stream.on('error', () => {})
  stream.on('wantTrailers', () => stream.sendTrailers(tail))
  stream.end('a body')
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  await new Promise(resolve => stream.on('close', resolve))
  return Buffer.concat(chunks).toString()
}

t.test('trailers of a request in frames reach an upstream that speaks in frames', async t => {
  const { url, origin, trailers } = await gateway(t)
  t.equal(await upload(t, url, { 'x-sum': ['7', '8'], 'x-word': '\xe9' }), 'ok')
  t.equal(origin.seen[0]?.body(), 'a body')
  t.same(trailers, [['x-sum', '7', 'x-sum', '8', 'x-word', '\xe9']])
})

t.test('so do those of a request in lines', async t => {
  const { port, origin, trailers } = await gateway(t)
  const client = await connectRaw(t, port, { methods: ['POST'] })
  client.send(
    'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na body\r\n0\r\nX-Sum: 7\r\n\r\n'
  )
  t.equal(statusOf(await client.answer()), 200)
  t.equal(origin.seen[0]?.body(), 'a body')
  t.same(trailers, [['x-sum', '7']])
})

t.test('but none that the header could not have held either', async t => {
  const { url, trailers } = await gateway(t)
  const traceparent = `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`
  await upload(t, url, {
    traceparent,
    'x-b3-traceid': '1'.repeat(32),
    x_sum: '8',
    'x-forwarded-for': '10.0.0.1',
    forwarded: 'for=10.0.0.1',
    'x-original-url': '/admin',
    authorization: 'Basic eA==',
    'content-type': 'a/b',
    via: '1.1 me',
    proxy: 'http://evil.example',
    'x-sum': '7'
  })
  t.same(trailers, [['x-sum', '7']])
})

t.test('a request without any ends as it should', async t => {
  const { url, origin, trailers } = await gateway(t)
  const session = await connectH2(t, url)
  for (const fields of [
    [],
    ['content-length', '6'],
    ['content-type', 'application/grpc', 'te', 'trailers']
  ]) {
    const answer = ask(session, { method: 'POST', fields, body: 'a body' })
    t.equal(await answer.over, 'end')
  }
  t.same(trailers, [])
  t.same(
    origin.seen.map(({ body }) => body()),
    ['a body', 'a body', 'a body']
  )
})

t.test('a body that breaks off before its trailers is no whole one', async t => {
  const { port, origin } = await gateway(t)
  const lines = await connectRaw(t, port)
  lines.send(
    'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na bo\r\n0\r\nX-Sum: 7\r\n'
  )
  await until(() => origin.seen[0]?.body() === 'a bo', 'some of it arrives')
  lines.socket.resetAndDestroy()
  const frames = await connectFrames(t, port)
  const head = [':method', 'POST', ':scheme', 'http', ':path', '/up', ':authority', 'a']
  frames.send(frameTypes.headers, 4, 1, blockOf(head))
  frames.send(frameTypes.data, 0, 1, Buffer.from('a bo'))
  await until(() => origin.seen[1]?.body() === 'a bo', 'some of it arrives')
  frames.send(frameTypes.reset, 0, 1, Buffer.from([0, 0, 0, 8]))
  for (const number of [0, 1]) {
    await until(() => origin.seen[number]?.reset() !== undefined, 'and no more')
    t.notOk(origin.seen[number]?.ended())
  }
})

t.test('an upstream by HTTP/1 gets the body alone', async t => {
  const { port, old } = await gateway(t)
  const client = await connectRaw(t, port, { methods: ['POST'] })
  client.send(
    'POST /old HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\na body\r\n0\r\nX-Sum: 7\r\n\r\n'
  )
  t.equal(statusOf(await client.answer()), 200)
  t.equal(old.last().body.toString(), 'a body')
  t.equal(fieldIn(old.last().fields.flat(), 'X-Sum'), undefined)
})
