// Answers that come before the whole request has: who is still sending gets them whole all the same.
// https://www.rfc-editor.org/rfc/rfc9112#section-9.6
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { valueIn } from '../message.ts'
import { clientOn } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'
import { asking } from '../websocket.ts'

const long = 'x'.repeat(1_000_000)

/** An upstream that answers as soon as it has heard anything, and a gateway before it. */
async function eager(t: Test, route = '') {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${long.length}\r\n\r\n${long}`)
    })
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return run(
    t,
    `
upstreams: { origin: { targets: [{ url: "http://127.0.0.1:${port}" }] } }
routes: [{ match: { path: /** }, upstream: origin${route} }]
`
  )
}

/** Sends all it has before it reads anything. */
async function obstinate(t: Test, port: number, head: string, bytes: number) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const client = clientOn(t, socket)
  socket.pause()
  await once(socket, 'connect')
  socket.write(head)
  for (let sent = 0; sent < bytes; sent += 65_536) {
    if (!socket.write(Buffer.alloc(65_536))) await Promise.race([once(socket, 'drain'), client.over])
  }
  await until(() => socket.writableLength === 0 || socket.destroyed, 'all is sent')
  socket.resume()
  return client
}

t.test('an upstream’s answer', async t => {
  const { port } = await eager(t)
  for (const framing of ['Content-Length: 100000000', 'Transfer-Encoding: chunked']) {
    const chunk = framing.startsWith('T') ? '5f5e100\r\n' : ''
    const client = await obstinate(
      t,
      port,
      `POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${chunk}`,
      20_000_000
    )
    const answer = await client.answer()
    t.equal(answer.body.length, long.length)
    t.match(valueIn(answer, 'connection'), 'close')
    t.equal(await client.over, 'end')
  }
})

t.test('the gateway’s own', async t => {
  const { port } = await eager(t, ', limits: { body: 1KiB }')
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n'
  const client = await obstinate(t, port, head, 20_000_000)
  t.match((await client.answer()).start, '413')
  t.equal(await client.over, 'end')
})

t.test('that to a WebSocket that was not to be', async t => {
  const { port } = await eager(t)
  const { fields = [] } = asking()
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const client = await obstinate(t, port, `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, 20_000_000)
  t.match((await client.answer()).start, '403')
  t.equal(await client.over, 'end')
})

t.test('who never stops is cut off', async t => {
  const { port } = await eager(t)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const client = clientOn(t, socket)
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n')
  const answer = await client.answer()
  t.equal(answer.body.length, long.length)
  const start = performance.now()
  // It does not hang up, and now and then it says something.
  const timer = setInterval(() => socket.write('x'), 500)
  t.teardown(() => clearInterval(timer))
  await until(() => socket.destroyed, 'it is cut', 15_000)
  const took = performance.now() - start
  t.ok(took < 10_000, `after ${took} ms`)
})
