// TLS in front: which certificate callers get, who is let in, and what the upstream and the reports are told.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { askTls, connectTls, pathOf, serialOf, tlsOf } from '../certificates.ts'
import { valueIn } from '../message.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { requestOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const ok = 'HTTP/1.1 200 OK'
const ca = `, client-ca: "${pathOf('ca.pem')}"`

async function gatewayOf(t: Test, tls: string, more = '') {
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `listen: [{ address: 127.0.0.1:0, ${tls} }]
${more}
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const handshakes = (outcome: string) =>
    metric(gateway.adminUrl, 'tracebridge_tls_handshakes_total', { outcome })
  return { origin, ...gateway, handshakes }
}

function serialIn(file: string): string {
  return new X509Certificate(readFileSync(pathOf(file))).serialNumber
}

t.test('a request by TLS arrives, and everybody is told that it was one', async t => {
  const { origin, port, handshakes, printed, adminUrl } = await gatewayOf(
    t,
    tlsOf(),
    'export: [{ console: {} }]'
  )
  const client = await connectTls(t, port, { ALPNProtocols: ['http/1.1'] })
  t.equal(client.socket.getProtocol(), 'TLSv1.3')
  t.equal(client.socket.alpnProtocol, 'http/1.1')
  for (const number of [0, 1]) {
    client.send(requestOf({ path: '/orders' }))
    t.equal((await client.answer(number)).start, ok)
  }
  t.equal(valueIn(origin.last(), 'x-forwarded-proto'), 'https')
  t.equal(await handshakes('completed'), 1, 'one for both requests')
  await until(() => printed.join('').includes('https'), 'the span says so')
  t.equal(
    await metric(adminUrl, 'tracebridge_tls_certificate_expiry_timestamp_seconds'),
    Date.UTC(2120, 0, 1) / 1000
  )
})

t.test('the name that a caller asks for chooses the certificate', async t => {
  const pair = (name: string) => `{ cert: "${pathOf(`${name}.pem`)}", key: "${pathOf(`${name}.key`)}" }`
  const { port } = await gatewayOf(t, `tls: { certificates: [${pair('shop')}, ${pair('wildcard')}] }`)
  const [shop, wildcard] = [serialIn('shop.pem'), serialIn('wildcard.pem')]
  for (const [servername, expected] of [
    ['shop.example', shop],
    ['eu.api.example', wildcard],
    ['EU.API.example', wildcard],
    ['a.eu.api.example', shop],
    ['api.example', shop],
    ['elsewhere.example', shop],
    ['constructor', shop],
    [`${'a'.repeat(63)}.`.repeat(3), shop],
    ['', shop]
  ] as const) {
    t.equal(serialOf(await connectTls(t, port, { servername })), expected, servername)
  }
})

const byIdentity = `trust:
  - { identity: ["spiffe://example.org/ns/shop/*"], context: continue }
  - { identity: ["CN=legacy client"], context: ignore }
  - { from: any, context: restart }
`

t.test('a caller is believed by what its verified certificate calls it', async t => {
  const { origin, port, adminUrl } = await gatewayOf(t, tlsOf(ca), byIdentity)
  const id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const fields = [['traceparent', `00-${id}-00f067aa0ba902b7-01`]] as const
  const outcome = (name: string) => metric(adminUrl, 'tracebridge_context_total', { outcome: name })
  const followed = async (as?: string, servername = 'shop.example') => {
    t.equal(await askTls(t, port, { servername, ...(as === undefined ? {} : { as }) }, { fields }), ok)
    return valueIn(origin.last(), 'traceparent')?.includes(id)
  }
  t.equal(await followed('orders'), true, 'by its SPIFFE id')
  t.equal(await followed('orders', ''), true, 'whichever certificate it was shown')
  t.equal(await outcome('continued'), 2)
  t.equal(await followed(), false, 'without a certificate')
  t.equal(await followed('stranger'), false, 'the same name by an authority that nobody believes')
  t.equal(await followed('shop'), false, 'a certificate that is for servers')
  t.equal(await outcome('restarted'), 3)
  t.equal(await followed('legacy'), false)
  t.equal(await outcome('ignored'), 1, 'by its common name')
})

t.test(
  'what a certificate proved holds for every request of its connection, and for a resumed session',
  async t => {
    const { port, adminUrl } = await gatewayOf(t, tlsOf(ca), byIdentity)
    const fields = [['b3', '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1']] as const
    const first = await connectTls(t, port, { as: 'orders' })
    const session = new Promise<Buffer>(resolve => first.socket.once('session', resolve))
    for (const number of [0, 1]) {
      first.send(requestOf({ fields }))
      t.equal((await first.answer(number)).start, ok)
    }
    const second = await connectTls(t, port, { as: 'orders', session: await session })
    t.equal(second.socket.isSessionReused(), true)
    second.send(requestOf({ fields }))
    await second.answer()
    t.equal(await metric(adminUrl, 'tracebridge_context_total', { outcome: 'continued' }), 3)
  }
)

t.test('client: require lets nobody in without a valid certificate', async t => {
  const { origin, port, handshakes } = await gatewayOf(t, tlsOf(`${ca}, client: require`))
  t.equal(await askTls(t, port, { as: 'orders' }), ok)
  t.not(await askTls(t, port), ok)
  t.not(await askTls(t, port, { as: 'stranger' }), ok)
  t.not(await askTls(t, port, { as: 'shop' }), ok)
  t.equal(origin.requests.length, 1)
  t.equal(await handshakes('completed'), 1)
  await until(async () => (await handshakes('no-certificate')) === 1, 'one had none')
  await until(async () => (await handshakes('bad-certificate')) === 2, 'two had bad ones')
})

t.test('who speaks something else is cut off, and nobody else notices', async t => {
  const { port, handshakes } = await gatewayOf(t, tlsOf())
  const open = await connectTls(t, port)
  t.match(
    await askTls(t, port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    /PROTOCOL_VERSION/
  )
  t.match(await askTls(t, port, { ALPNProtocols: ['h3'] }), /NO_APPLICATION_PROTOCOL/)
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\x16\x03\x01\x00\x05nonsense',
    '\0'.repeat(600)
  ]) {
    const socket = connect(port, '127.0.0.1')
    const received: Buffer[] = []
    socket.on('data', chunk => received.push(chunk))
    socket.on('error', () => {})
    socket.write(bytes, 'latin1')
    await new Promise(resolve => socket.once('close', resolve))
    t.notMatch(Buffer.concat(received).toString('latin1'), 'HTTP', 'no answer in plain text')
  }
  await until(async () => (await handshakes('plain-http')) === 1, 'plain text is told apart')
  t.equal(await handshakes('no-common-protocol'), 2)
  open.send(requestOf({}))
  t.equal((await open.answer()).start, ok)
})

/** The first bytes of a caller with TLS 1.2, of which the answer is not encrypted. */
async function clientHello(t: Test): Promise<Buffer> {
  const listener = createServer().listen(0, '127.0.0.1')
  t.teardown(() => listener.close())
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  connectTls(t, port, { maxVersion: 'TLSv1.2' }).catch(() => {})
  const [socket]: Socket[] = await once(listener, 'connection')
  if (socket === undefined) throw new Error('nobody came')
  const [hello] = await once(socket, 'data')
  socket.destroy()
  return hello
}

t.test('a caller that does not believe the certificate is told apart', async t => {
  const { port, handshakes } = await gatewayOf(t, tlsOf())
  const socket = connect(port, '127.0.0.1')
  socket.write(await clientHello(t))
  await once(socket, 'data')
  // The alert unknown_ca: https://www.rfc-editor.org/rfc/rfc5246#section-7.2
  socket.end('\x15\x03\x03\x00\x02\x02\x30', 'latin1')
  await until(async () => (await handshakes('refused-by-caller')) === 1, 'it is counted as such')
})

/** Passes bytes on, and notes the types of the TLS records that come from the gateway. */
async function relayTo(t: Test, port: number): Promise<{ port: number; records: () => number[] }> {
  const chunks: Buffer[] = []
  const relay = createServer(caller => {
    const gateway = connect(port, '127.0.0.1')
    caller.on('error', () => gateway.destroy())
    gateway.on('error', () => caller.destroy())
    gateway.on('data', chunk => chunks.push(chunk))
    caller.pipe(gateway)
    gateway.pipe(caller)
  }).listen(0, '127.0.0.1')
  t.teardown(() => relay.close())
  await once(relay, 'listening')
  const address = relay.address()
  const records = () => {
    const bytes = Buffer.concat(chunks)
    const types: number[] = []
    // https://www.rfc-editor.org/rfc/rfc5246#section-6.2.1
    for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3))
      types.push(bytes.readUInt8(at))
    return types
  }
  return { port: typeof address === 'object' && address !== null ? address.port : 0, records }
}

t.test('to HTTP/1.0 a broken answer lacks the alert that closes a whole one', async t => {
  const origin = await startOrigin(t, ({ start }, socket) => {
    if (start.includes('/whole')) return `${ok}\r\nContent-Length: 4\r\n\r\nhalf`
    socket.end(`${ok}\r\nContent-Length: 100\r\n\r\nhalf`)
    return undefined
  })
  const gateway = await run(
    t,
    `listen: [{ address: 127.0.0.1:0, ${tlsOf()} }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  for (const [path, closing] of [
    ['/whole', 21],
    ['/half', 23]
  ] as const) {
    const relay = await relayTo(t, gateway.port)
    // https://www.rfc-editor.org/rfc/rfc9112#section-9.8; before TLS 1.3 the type of an alert can be seen.
    const client = await connectTls(t, relay.port, { maxVersion: 'TLSv1.2' })
    client.send(`GET ${path} HTTP/1.0\r\nHost: a\r\n\r\n`)
    await client.over
    t.match(client.text(), 'half')
    t.equal(relay.records().at(-1), closing, path)
  }
  t.notMatch(gateway.log.join(''), 'an exchange failed')
})

t.test('a caller that asks for HTTP/1.0 by name is answered', async t => {
  const { port } = await gatewayOf(t, tlsOf())
  const client = await connectTls(t, port, { ALPNProtocols: ['http/1.0'] })
  t.equal(client.socket.alpnProtocol, 'http/1.0')
  client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  t.equal((await client.answer()).start, ok)
})

t.test('what is no HTTP inside of TLS is answered, inside of TLS', async t => {
  const { port } = await gatewayOf(t, tlsOf())
  const client = await connectTls(t, port)
  client.send('nonsense\r\n\r\n')
  t.match((await client.answer()).start, 'HTTP/1.1 400')
  t.match(await askTls(t, port, {}, { fields: [['X-Long', 'a'.repeat(40_000)]] }), 'HTTP/1.1 431')
})
