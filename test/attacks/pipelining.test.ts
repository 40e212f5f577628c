// Requests that do not wait for the answer before: nothing of one gets into another's answer, nobody has more than one
// under way on a connection, and none is served that could not be answered.
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { connectTls, tlsOf } from '../certificates.ts'
import { startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { type Origin, type Respond, startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { type Running, run } from '../running.ts'
import { until } from '../until.ts'

type World = Running & { readonly origin: Origin }

async function behind(t: Test, respond?: Respond, listen = ''): Promise<World> {
  const origin = await startOrigin(t, respond)
  const gateway = await run(
    t,
    `
listen: [{ address: 127.0.0.1:0${listen} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin, upgrade: [websocket] }]
`
  )
  return { ...gateway, origin }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const handshake =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
const tunnel = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'

/** `/slow` waits until it is let go. */
function slow(): { readonly respond: Respond; readonly release: () => void } {
  const held: (() => void)[] = []
  return {
    respond: ({ start }, socket) => {
      if (!start.includes('/slow')) return ok
      held.push(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'))
      return undefined
    },
    release: () => {
      for (const one of held.splice(0)) one()
    }
  }
}

function paths(origin: Origin): string[] {
  return origin.requests.map(({ start }) => start.split(' ')[1] ?? '')
}

/** Sends, and resets the connection soon. */
async function sendAndReset(port: number, bytes: string, afterMs: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(bytes)
  await new Promise(resolve => setTimeout(resolve, afterMs))
  socket.resetAndDestroy()
}

t.test('no CONNECT and no handshake out of turn ends the process', async t => {
  const origin = await startOrigin(t, ({ start }) => (start.includes('/slow') ? undefined : ok))
  const child = await startServing(t, ['--upstream', origin.url])
  for (const bytes of [
    tunnel,
    `${requestOf({ path: '/slow' })}${tunnel}`,
    `${requestOf({ path: '/slow' })}${handshake}`,
    `${requestOf({ path: '/' })}${requestOf({ path: '/slow' })}${handshake}`
  ]) {
    for (const afterMs of [0, 5, 50]) await sendAndReset(child.port, bytes, afterMs)
    t.equal(statusOf(await ask(t, child.port)), 200, JSON.stringify(bytes))
  }
  t.equal(child.process.exitCode, null)
})

t.test('a CONNECT is refused, and its connection is let go of', async t => {
  const { port, adminUrl } = await behind(t)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  socket.on('error', () => {})
  // It never ends its side.
  socket.write(tunnel)
  await until(() => text.includes('METHOD_NOT_ALLOWED'), 'an answer')
  await until(
    async () => (await metric(adminUrl, 'tracebridge_connections')) === 0,
    'the gateway closes the connection'
  )
  t.match(text, /^HTTP\/1\.1 405 /)
})

t.test('who asks to leave HTTP before the answer is there gets that answer, and no more', async t => {
  for (const bytes of [handshake, tunnel]) {
    const { respond, release } = slow()
    const { port, origin } = await behind(t, respond)
    const client = await connectRaw(t, port)
    client.send(`${requestOf({ path: '/slow' })}${bytes}`)
    await until(() => origin.requests.length === 1, 'the first is under way')
    release()
    t.equal((await client.answer()).body.toString(), 'slow')
    t.equal(await client.over, 'end')
    t.equal(client.answers.length, 1)
    t.strictSame(paths(origin), ['/slow'])
  }
})

t.test('an interim answer waits for its turn', async t => {
  const { respond, release } = slow()
  const { port, origin } = await behind(t, respond)
  const client = await connectRaw(t, port)
  client.send(
    `${requestOf({ path: '/slow' })}POST /2 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`
  )
  await until(() => origin.requests.length === 1, 'the first is under way')
  await ask(t, port, { path: '/meanwhile' })
  t.equal(client.text(), '')
  release()
  t.equal(statusOf(await client.answer(1)), 100)
  client.send('ab')
  await client.answer(2)
  t.strictSame(client.answers.map(statusOf), [200, 100, 200])

  const hasty = await connectRaw(t, port)
  hasty.send(
    `${requestOf({ path: '/slow' })}POST /2 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`
  )
  await until(() => origin.last().start.includes('/slow'), 'the first is under way')
  hasty.send('ab')
  await ask(t, port, { path: '/meanwhile' })
  release()
  await hasty.answer(1)
  t.strictSame(
    hasty.answers.map(({ body }) => body.toString()),
    ['slow', 'ok'],
    'who did not wait for it needs none'
  )
  t.notMatch(hasty.text(), ' 100 ')
})

t.test('one request of a connection is under way at a time, in their order', async t => {
  let together = 0
  let most = 0
  const { port, origin } = await behind(t, ({ start }, socket) => {
    most = Math.max(most, ++together)
    const text = start.split(' ')[1] ?? ''
    setImmediate(() => {
      together--
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
    })
    return undefined
  })
  const client = await connectRaw(t, port)
  const wanted = Array.from({ length: 999 }, (_, i) => `/${i}`)
  client.send(
    wanted
      .map((path, i) => requestOf(i % 3 === 0 ? { path, method: 'POST', body: 'abc' } : { path }))
      .join('')
  )
  await client.answer(998)
  t.strictSame(
    client.answers.map(({ body }) => body.toString()),
    wanted
  )
  t.strictSame(paths(origin), wanted)
  t.equal(most, 1)
})

t.test('a body that arrives while its request waits is sent on whole', async t => {
  const { respond, release } = slow()
  const { port, origin } = await behind(t, respond)
  const client = await connectRaw(t, port)
  const body = 'x'.repeat(1_000_000)
  client.send(
    requestOf({ path: '/slow' }) + requestOf({ path: '/2', method: 'POST', body }) + requestOf({ path: '/3' })
  )
  await until(() => origin.requests.length === 1, 'the first is under way')
  await ask(t, port, { path: '/meanwhile' })
  release()
  await client.answer(2)
  t.strictSame(paths(origin), ['/slow', '/meanwhile', '/2', '/3'])
  t.equal(origin.requests[2]?.body.length, body.length)
})

t.test('behind an answer that ends the connection nothing is served', async t => {
  const unwanted = requestOf({ path: '/unwanted', method: 'POST', body: '' })
  const twoHosts = 'GET /1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'
  for (const bytes of [twoHosts, 'GET http://z/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n']) {
    const { port, origin } = await behind(t)
    const client = await connectRaw(t, port)
    client.send(`${requestOf({ path: '/0' })}${bytes}${unwanted}`)
    t.equal(statusOf(await client.answer(1)), 400)
    await client.over
    await ask(t, port, { path: '/later' })
    t.equal(client.answers.length, 2)
    t.strictSame(paths(origin), ['/0', '/later'])
  }
})

t.test('nor behind the last one that a connection may bring', async t => {
  const { port, origin } = await behind(t, undefined, ', limits: { requests: 2 }')
  const client = await connectRaw(t, port)
  client.send(['/1', '/2', '/3', '/4'].map(path => requestOf({ path })).join(''))
  await client.over
  await ask(t, port, { path: '/later' })
  t.equal(client.answers.length, 2)
  t.strictSame(paths(origin), ['/1', '/2', '/later'])
})

t.test('nor what waits when it retires, nor when its caller is gone', async t => {
  const { respond, release } = slow()
  const { port, origin, app } = await behind(t, respond)
  const gone = await connectRaw(t, port)
  gone.send(requestOf({ path: '/slow' }) + requestOf({ path: '/gone' }))
  await until(() => origin.requests.length === 1, 'it is under way')
  gone.socket.destroy()
  const client = await connectRaw(t, port)
  client.send(requestOf({ path: '/slow' }) + requestOf({ path: '/unwanted' }))
  await until(() => origin.requests.length === 2, 'it is under way')
  app.retire()
  release()
  await client.over
  t.equal(client.answers.length, 1)
  t.strictSame(paths(origin), ['/slow', '/slow'])
})

t.test('an answer longer than any buffer arrives whole, though a CONNECT stands behind it', async t => {
  const body = 'x'.repeat(5_000_000)
  const { port } = await behind(t, () => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const client = await connectRaw(t, port)
  client.socket.pause()
  client.send(`${requestOf({ path: '/' })}${tunnel}`)
  await ask(t, port)
  client.socket.resume()
  t.equal((await client.answer()).body.length, body.length)
  t.equal(await client.over, 'end')
})

t.test('who asks to leave HTTP behind a request, and then goes, is gone', async t => {
  const { respond } = slow()
  const { port, origin, adminUrl } = await behind(t, respond)
  for (const leaving of [handshake, tunnel]) {
    const client = await connectRaw(t, port)
    const asked = origin.requests.length
    client.send(`${requestOf({ path: '/slow' })}${leaving}`)
    await until(() => origin.requests.length > asked, 'it is under way')
    client.socket.end()
    await until(async () => (await metric(adminUrl, 'tracebridge_requests_in_flight')) === 0, 'it is over')
    await until(async () => (await metric(adminUrl, 'tracebridge_connections')) === 0, 'and let go of')
  }
})

t.test('a drain does not wait for ever for a connection that asked to leave HTTP', async t => {
  for (const bytes of [tunnel, handshake]) {
    const { port, origin, app } = await behind(t, slow().respond)
    const client = await connectRaw(t, port)
    client.send(`${requestOf({ path: '/slow' })}${bytes}`)
    await until(() => origin.requests.length === 1, 'the first is under way')
    const start = performance.now()
    await app.close({ linger: false, within: 100 })
    t.ok(performance.now() - start < 2000)
    await client.over
  }
})

t.test('all of it by TLS', async t => {
  const { respond, release } = slow()
  const { port, origin } = await behind(t, respond, `, ${tlsOf()}`)
  const client = await connectTls(t, port)
  const many = Array.from({ length: 99 }, (_, i) => `/${i}`)
  client.send(['/slow', ...many].map(path => requestOf({ path })).join('') + handshake)
  await until(() => origin.requests.length === 1, 'the first is under way')
  release()
  t.equal(await client.over, 'end')
  t.strictSame(paths(origin), ['/slow'], 'what stands between is not served either, for the connection ends')

  const patient = await connectTls(t, port)
  patient.send(many.map(path => requestOf({ path })).join(''))
  await patient.answer(98)
  t.strictSame(paths(origin).slice(1), many)

  for (const last of [tunnel, handshake]) {
    const gone = await connectTls(t, port)
    gone.send(`${requestOf({ path: '/slow' })}${last}`)
    await until(() => origin.last().start.includes('/slow'), 'it is under way')
    gone.socket.destroy()
    await connectTls(t, port).then(async next => {
      next.send(requestOf({ path: '/next' }))
      t.equal(statusOf(await next.answer()), 200)
    })
  }
})
