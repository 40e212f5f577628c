// A caller that knows a secret is believed wherever it calls from, and the secret goes no further.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Field, valueIn } from '../message.ts'
import { startOrigin } from '../origin.ts'
import { ask } from '../raw.ts'
import { run } from '../running.ts'
import { wires } from '../wires.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const secret = 'correct-horse-battery-staple'
const traced: readonly Field[] = [...wires.w3c.write(traceId, spanId, 'keep'), ['baggage', 'tenant=a']]

/** A gateway that believes who knows the secret of a file. */
async function world(t: Test, kind: 'value' | 'hmac') {
  const folder = mkdtempSync(join(tmpdir(), 'secret-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, `${secret}\n`)
  const origin = await startOrigin(t)
  const gateway = await run(
    t,
    `
access-log: { to: "${join(folder, 'access.json')}" }
trust: [{ secret: { header: X-Gateway-Secret, ${kind}: "\${file:${file}}" }, context: continue }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  )
  /** Whether the trace went on. */
  const continued = async (value: string | undefined, path = '/orders?id=7', method = 'GET') => {
    const shown: readonly Field[] = value === undefined ? [] : [['x-gateway-SECRET', value]]
    await ask(t, gateway.port, { method, path, fields: [...traced, ...shown] })
    t.equal(valueIn(origin.last(), 'x-gateway-secret'), undefined, 'the upstream never gets it')
    t.notOk(origin.last().head.includes(secret))
    return wires.w3c.read(origin.last())?.traceId === traceId
  }
  return { ...gateway, origin, file, continued }
}

t.test('who sends the secret is believed, and nobody else is', async t => {
  const { continued, origin } = await world(t, 'value')
  t.equal(await continued(secret), true)
  t.equal(valueIn(origin.last(), 'baggage'), 'tenant=a')
  for (const other of [
    undefined,
    '',
    `${secret}x`,
    secret.slice(1),
    `${secret}, ${secret}`,
    'x'.repeat(9000)
  ]) {
    t.equal(await continued(other), false, String(other).slice(0, 40))
    t.equal(valueIn(origin.last(), 'baggage'), undefined)
  }
})

t.test('who signs the request is believed for this request and five minutes', async t => {
  const { continued } = await world(t, 'hmac')
  const signed = (target: string, method = 'GET', age = 0, key = secret) => {
    const time = Math.floor(Date.now() / 1000) - age
    const text = `${time}\n${method}\n${target}`
    return `t=${time},v1=${createHmac('sha256', key).update(text).digest('hex')}`
  }
  t.equal(await continued(signed('/orders?id=7')), true)
  t.equal(await continued(signed('/orders', 'DELETE'), '/orders', 'DELETE'), true)
  t.equal(await continued(signed('/orders?id=7', 'GET', 200)), true)
  t.equal(await continued(signed('/orders?id=7', 'GET', 320)), false, 'too old')
  t.equal(await continued(signed('/orders?id=7', 'GET', -320)), false, 'not yet')
  t.equal(await continued(signed('/orders?id=8')), false, 'of another target')
  t.equal(await continued(signed('/orders?id=7', 'PUT')), false, 'of another method')
  t.equal(await continued(signed('/orders?id=7', 'GET', 0, 'guessed')), false, 'with another key')
  t.equal(await continued(secret), false, 'the key itself proves nothing')
})

t.test('the secret is shown nowhere, and a new one counts from the next reload on', async t => {
  const { continued, adminUrl, app, file, log } = await world(t, 'value')
  const config = await (await fetch(`${adminUrl}/config`)).text()
  t.match(config, /x-gateway-secret/)
  t.notOk(config.includes(secret))
  writeFileSync(file, 'another-secret-of-some-length')
  await app.reload()
  t.equal(await continued(secret), false)
  t.equal(await continued('another-secret-of-some-length'), true)
  writeFileSync(file, 'short')
  t.match(await app.reload(), { complaints: [{ path: '.trust[0].secret.value' }] })
  t.notOk(log.some(line => line.includes(secret) || line.includes('short')))
  t.equal(await continued('another-secret-of-some-length'), true, 'an impossible one is refused')
})
