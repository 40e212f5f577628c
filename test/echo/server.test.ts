import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { createEcho } from '../../src/echo/server.ts'

const echo = await createEcho()
const { port } = await echo.listen('127.0.0.1', 0)
t.teardown(() => echo.close())

/** Writes bytes as they are and reads until the echo closes. */
async function raw(bytes: string): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1')
  socket.write(Buffer.from(bytes, 'latin1'))
  return text(socket)
}

function parts(answer: string): { head: string; body: string; json: Record<string, unknown> } {
  const at = answer.indexOf('\r\n\r\n')
  const body = answer.slice(at + 4)
  return { head: answer.slice(0, at), body, json: body === '' ? {} : JSON.parse(body) }
}

t.test('it answers with the headers as they came on the wire, one per line', async t => {
  const answer = await raw(
    'GET /a?b=1 HTTP/1.1\r\nHost: x\r\nX-Two: 1\r\nx-two: 2\r\n' +
      'TraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nConnection: close\r\n\r\n'
  )
  const { head, body, json } = parts(answer)
  t.match(head, /^HTTP\/1\.1 200 /)
  t.match(head, /content-type: application\/json\r\n/)
  t.match(head, /cache-control: no-store/)
  t.same(json, {
    method: 'GET',
    url: '/a?b=1',
    headers: [
      ['Host', 'x'],
      ['X-Two', '1'],
      ['x-two', '2'],
      ['TraceParent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
      ['Connection', 'close']
    ],
    seen: {
      w3c: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true },
      b3: null,
      b3multi: null,
      jaeger: null
    }
  })
  t.match(body, '\n    ["X-Two", "1"],\n    ["x-two", "2"],\n')
  t.ok(body.endsWith('}\n'))
})

t.test('a body is drained and counted, whatever the method', async t => {
  const answer = await raw(
    'DELETE / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345'
  )
  t.match(parts(answer).json, { method: 'DELETE', body: 5 })
})

t.test('HEAD is answered without a body', async t => {
  const { head, body } = parts(await raw('HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'))
  t.match(head, /content-length: [1-9]/)
  t.equal(body, '')
})

t.test('a request without any header is answered', async t => {
  const { json } = parts(await raw('GET / HTTP/1.0\r\n\r\n'))
  t.same(json['headers'], [])
})

t.test('hostile bytes come back as JSON, or as 4xx, and it goes on answering', async t => {
  const quoted = parts(
    await raw('GET /"\\<script> HTTP/1.1\r\nHost: x\r\nX: "}],\\ \xff\x80\r\nConnection: close\r\n\r\n')
  )
  t.equal(quoted.json['url'], '/"\\<script>')
  t.match(quoted.json['headers'], [
    ['Host', 'x'],
    ['X', '"}],\\ \xff\x80']
  ])
  t.match(await raw('\x00\x01\x02\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.match(await raw('GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.match(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  t.match(await raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

t.test('a caller that goes away in the middle of its body harms nobody', async t => {
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n')
  await once(socket, 'data')
  socket.write('some of it')
  socket.resetAndDestroy()
  await once(socket, 'close')
  t.match(await raw('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

t.test('a port that is taken rejects, and closing ends idle and stuck connections', async t => {
  const second = await createEcho()
  await t.rejects(second.listen('127.0.0.1', port), { code: 'EADDRINUSE' })
  const { port: other } = await second.listen('127.0.0.1', 0)
  const stuck = connect(other, '127.0.0.1')
  stuck.on('error', () => {})
  stuck.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n')
  await once(stuck, 'data')
  const closed = once(stuck, 'close')
  await second.close()
  await closed
  t.pass('closed')
})
