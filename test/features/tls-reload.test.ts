// Certificates that are renewed on disk, and what is open then or when the gateway ends.
import { X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { askTls, connectTls, install, pathOf, serialOf } from '../certificates.ts'
import { startServing } from '../child.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { requestOf } from '../raw.ts'
import { run } from '../running.ts'
import { until } from '../until.ts'

const ok = 'HTTP/1.1 200 OK'
const [shop, renewed] = ['shop', 'renewed'].map(
  name => new X509Certificate(readFileSync(pathOf(`${name}.pem`))).serialNumber
)

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The command itself, with rules that name `tls.pem` and `tls.key` of `folder`. */
async function serving(t: Test, folder: string, tls = 'cert: tls.pem, key: tls.key') {
  // `/slow` is answered when the test says so.
  const origin = await startOrigin(t, ({ start }) =>
    start.includes('/slow') ? undefined : `${ok}\r\nContent-Length: 2\r\n\r\nok`
  )
  const file = join(folder, 'rules.yaml')
  writeFileSync(
    file,
    `
listen: [{ address: 127.0.0.1:0, tls: { ${tls} } }]
access-log: { to: none }
drain: { linger: 0s }
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  const child = await startServing(t, ['--rules', file])
  const reloads = (outcome: string) => metric(child.adminUrl, 'tracebridge_reloads_total', { outcome })
  return { origin, ...child, reloads }
}

t.test('a renewed certificate is shown to new callers, and open connections go on', async t => {
  const folder = folderOf(t)
  install('shop', folder)
  const { port, reloads, stderr, adminUrl } = await serving(t, folder)
  const open = await connectTls(t, port)
  open.send(requestOf({}))
  t.equal((await open.answer()).start, ok)
  t.equal(serialOf(open), shop)

  writeFileSync(join(folder, 'tls.pem'), 'not a certificate')
  // More than once where it is looked at while it is being written.
  await until(async () => (await reloads('refused')) >= 1, 'a broken one is refused')
  await until(() => stderr().includes('expected a PEM file of certificates'), 'and the log says why')
  t.equal(serialOf(await connectTls(t, port)), shop, 'and the old one stays')

  install('renewed', folder)
  await until(async () => serialOf(await connectTls(t, port)) === renewed, 'a whole one is taken')
  open.send(requestOf({}))
  t.equal((await open.answer(1)).start, ok)
  t.equal(await askTls(t, port), ok)

  // As if the watch had seen nothing.
  install('shop', folder)
  t.equal((await fetch(`${adminUrl}/reload`, { method: 'POST' })).status, 200)
  t.equal(serialOf(await connectTls(t, port)), shop, 'POST /reload reads them again')
})

t.test('a Secret that the kubelet swaps is noticed', async t => {
  const folder = folderOf(t)
  const mount = join(folder, 'certs')
  // https://kubernetes.io/docs/concepts/configuration/secret/#mounted-secrets-are-updated-automatically
  const publish = (version: string, name: string) => {
    mkdirSync(join(mount, version), { recursive: true })
    install(name, join(mount, version))
    symlinkSync(version, join(mount, '..data_tmp'))
    renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
  }
  publish('..1', 'shop')
  for (const end of ['pem', 'key']) symlinkSync(join('..data', `tls.${end}`), join(mount, `tls.${end}`))
  const { port } = await serving(t, folder, 'cert: certs/tls.pem, key: certs/tls.key')
  t.equal(serialOf(await connectTls(t, port)), shop)
  publish('..2', 'renewed')
  rmSync(join(mount, '..1'), { recursive: true })
  await until(async () => serialOf(await connectTls(t, port)) === renewed, 'the new one is shown')
})

t.test('another authority for callers holds at once, for resumed sessions as well', async t => {
  const folder = folderOf(t)
  install('shop', folder)
  const authority = (name: string) =>
    writeFileSync(join(folder, 'ca.pem'), readFileSync(pathOf(`${name}.pem`)))
  authority('ca')
  const tls = 'cert: tls.pem, key: tls.key, client-ca: ca.pem, client: require'
  const { port, adminUrl } = await serving(t, folder, tls)
  const entered = async (maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
    const client = await connectTls(t, port, { as: 'orders', maxVersion })
    const later = new Promise<Buffer>(resolve => client.socket.once('session', resolve))
    client.send(requestOf({}))
    t.equal((await client.answer()).start, ok)
    // With TLS 1.2 it came with the handshake.
    const session = maxVersion === 'TLSv1.2' ? client.socket.getSession() : await later
    const resumed = { as: 'orders', maxVersion, session }
    const again = await connectTls(t, port, resumed)
    t.equal(again.socket.isSessionReused(), true, maxVersion)
    return { client, resumed }
  }
  const inside = [await entered('TLSv1.3'), await entered('TLSv1.2')]

  authority('other-ca')
  t.equal((await fetch(`${adminUrl}/reload`, { method: 'POST' })).status, 200)
  t.not(await askTls(t, port, { as: 'orders' }), ok)
  t.equal(await askTls(t, port, { as: 'stranger' }), ok)
  for (const { client, resumed } of inside) {
    t.not(await askTls(t, port, resumed), ok)
    client.send(requestOf({}))
    t.equal((await client.answer(1)).start, ok, 'who was in stays in')
  }
})

t.test('to ask callers for certificates begins with the next start, and the log says so', async t => {
  const folder = folderOf(t)
  install('shop', folder)
  const rules = (more: string) => `
listen: [{ address: 127.0.0.1:0, tls: { cert: ${folder}/tls.pem, key: ${folder}/tls.key${more} } }]
upstreams: { demo: { echo: true } }
routes: [{ match: {}, upstream: demo }]
`
  const gateway = await run(t, rules(''))
  gateway.rewrite(rules(`, client-ca: ${pathOf('ca.pem')}, client: require`))
  await gateway.app.reload()
  t.match(gateway.log.join(''), '"keys":["listen[0].tls"]')
  t.equal(await askTls(t, gateway.port), ok)
})

t.test('SIGTERM lets requests by TLS end, and waits for nobody else', async t => {
  const folder = folderOf(t)
  install('shop', folder)
  const { port, origin, process, exited } = await serving(t, folder)
  const silent = connect(port, '127.0.0.1')
  silent.on('error', () => {})
  const quiet = await connectTls(t, port)
  const used = await connectTls(t, port)
  used.send(requestOf({}))
  await used.answer()
  const slow = await connectTls(t, port)
  slow.send(requestOf({ path: '/slow' }))
  await until(() => origin.requests.length === 2, 'it is in flight')

  const start = performance.now()
  process.kill('SIGTERM')
  await Promise.all([quiet.over, used.over])
  t.equal(process.exitCode, null)
  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nslowly')
  const answer = await slow.answer()
  t.equal(answer.body.toString(), 'slowly')
  t.match(answer.head, /^connection: close\r$/im)
  t.equal(await exited, 0)
  t.ok(performance.now() - start < 10_000)
})
