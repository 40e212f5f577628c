// Upstreams by TLS: whose certificate is believed, which one is shown, and that no caller has a say in either.

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { createAccessLog } from '../access-log.ts'
import { pathOf } from '../certificates.ts'
import { ask, connectRaw, statusOf } from '../raw.ts'
import { run } from '../running.ts'
import { serveFor } from '../served.ts'
import { until } from '../until.ts'

type Seen = {
  readonly servername: string | undefined
  /** Of the client's certificate, whoever signed it. */
  readonly client: string | undefined
  readonly host: string | undefined
  readonly alpn: string | undefined
}

async function startTls(t: Test, name = 'shop') {
  const seen: Seen[] = []
  let connections = 0
  const options = {
    cert: readFileSync(pathOf(`${name}.pem`)),
    key: readFileSync(pathOf(`${name}.key`)),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1']
  }
  const server = createServer(options, (request, response) => {
    const { socket, headers } = request
    if (!(socket instanceof TLSSocket)) throw new Error('not TLS')
    const { servername, alpnProtocol } = socket
    seen.push({
      servername: typeof servername === 'string' ? servername : undefined,
      client: socket.getPeerX509Certificate()?.subject,
      host: headers.host,
      alpn: alpnProtocol === false ? undefined : (alpnProtocol ?? undefined)
    })
    response.end('ok')
  })
  server.on('secureConnection', () => connections++)
  const port = await serveFor(t, server)
  return { seen, port, connections: () => connections }
}

const ca = `ca: "${pathOf('ca.pem')}"`

function shows(name: string): string {
  return `cert: "${pathOf(`${name}.pem`)}", key: "${pathOf(`${name}.key`)}"`
}

/** One upstream for each of these, at `/NAME`. */
async function before(t: Test, upstreams: Readonly<Record<string, readonly [url: string, tls: string]>>) {
  const accessLog = createAccessLog(t)
  const named = Object.entries(upstreams)
  const gateway = await run(
    t,
    `
${accessLog.rule}
upstreams:
${named.map(([name, [url, tls]]) => `  ${name}: { targets: [{ url: "${url}" }], tls: { ${tls} } }`).join('\n')}
routes:
${named.map(([name]) => `  - { match: { path: /${name} }, upstream: ${name} }`).join('\n')}
`
  )
  return { ...gateway, accessLog }
}

t.test('what is asked for, and must be proven, is the name in the rules', async t => {
  const { port: at, seen, connections } = await startTls(t)
  const { port } = await before(t, {
    host: [`https://localhost:${at}`, ca],
    name: [`https://127.0.0.1:${at}`, `${ca}, server-name: Shop.example`],
    address: [`https://127.0.0.1:${at}`, ca]
  })
  for (const [path, servername] of [
    ['/host', 'localhost'],
    ['/name', 'shop.example'],
    ['/address', undefined]
  ] as const) {
    const before = connections()
    for (let i = 0; i < 2; i++) {
      t.equal(statusOf(await ask(t, port, { path })), 200)
      t.match(seen.at(-1), { servername, host: 'shop.example', client: undefined })
    }
    t.equal(connections() - before, 1, 'one connection for both')
  }
})

t.test('callers with other Hosts share connections, and no other certificate will do for them', async t => {
  const { port: at, seen, connections } = await startTls(t)
  const { port } = await before(t, { a: [`https://localhost:${at}`, ca] })
  for (const host of ['one.example', 'two.example', 'wrong.example:99']) {
    const client = await connectRaw(t, port)
    client.send(`GET /a HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    t.equal(statusOf(await client.answer()), 200)
    t.match(seen.at(-1), { servername: 'localhost', host })
  }
  t.equal(connections(), 1)
})

t.test('a certificate that proves nothing is no upstream: 503, and the log says why', async t => {
  const [right, wrongName, expired] = await Promise.all([
    startTls(t),
    startTls(t, 'wildcard'),
    startTls(t, 'expired')
  ])
  const { port, accessLog } = await before(t, {
    stranger: [`https://localhost:${right.port}`, `ca: "${pathOf('other-ca.pem')}"`],
    public: [`https://localhost:${right.port}`, 'verify: true'],
    name: [`https://localhost:${wrongName.port}`, ca],
    other: [`https://localhost:${right.port}`, `${ca}, server-name: orders.example`],
    expired: [`https://localhost:${expired.port}`, `${ca}, server-name: shop.example`],
    any: [`https://localhost:${wrongName.port}`, 'verify: false']
  })
  for (const [path, cause] of [
    ['/stranger', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['/public', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['/name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['/other', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['/expired', 'CERT_HAS_EXPIRED']
  ] as const) {
    t.equal(statusOf(await ask(t, port, { path })), 503)
    t.match(await accessLog.entry(path), { failure: 'UPSTREAM_UNREACHABLE', cause })
  }
  t.equal(statusOf(await ask(t, port, { path: '/any' })), 200)
})

t.test(
  'each upstream shows its own certificate, on connections of its own, to one and the same target',
  async t => {
    const { port: at, seen, connections } = await startTls(t)
    const url = `https://localhost:${at}`
    const { port } = await before(t, {
      orders: [url, `${ca}, ${shows('orders')}`],
      legacy: [url, `${ca}, ${shows('legacy')}`],
      nobody: [url, ca]
    })
    for (let round = 0; round < 2; round++) {
      for (const [path, client] of [
        ['/orders', 'CN=orders'],
        ['/legacy', 'O=Example\nCN=legacy client'],
        ['/nobody', undefined]
      ] as const) {
        t.equal(statusOf(await ask(t, port, { path })), 200)
        t.equal(seen.at(-1)?.client, client)
        t.equal(seen.at(-1)?.alpn, 'http/1.1')
      }
    }
    t.equal(connections(), 3)
  }
)

t.test('renewed files are shown on new connections, without a request lost', async t => {
  const { port: at, seen } = await startTls(t)
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const put = (name: string) => {
    for (const end of ['pem', 'key']) copyFileSync(pathOf(`${name}.${end}`), join(folder, `own.${end}`))
  }
  put('orders')
  const own = `cert: "${join(folder, 'own.pem')}", key: "${join(folder, 'own.key')}"`
  const { port, app } = await before(t, { a: [`https://localhost:${at}`, `${ca}, ${own}`] })
  t.equal(statusOf(await ask(t, port, { path: '/a' })), 200)
  put('legacy')
  await app.reload()
  await until(async () => {
    t.equal(statusOf(await ask(t, port, { path: '/a' })), 200)
    return seen.at(-1)?.client?.includes('legacy') === true
  }, 'the new one is shown')
})
