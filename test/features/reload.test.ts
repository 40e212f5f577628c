// New rules take over while the gateway is busy: whole, within a second, and without a request that notices.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { watchRules } from '../../src/rules/watch.ts'
import { startServing } from '../child.ts'
import { ask as askH2, connectH2 } from '../h2.ts'
import { metric } from '../metric.ts'
import { startOrigin } from '../origin.ts'
import { ask, connectRaw, requestOf, statusOf } from '../raw.ts'
import { startReceiver } from '../receiver.ts'
import { run } from '../running.ts'
import { startTraffic } from '../traffic.ts'
import { until } from '../until.ts'
import { wires } from '../wires.ts'

const connections = 50

async function world(t: Test) {
  const origin = await startOrigin(t)
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const rules = (rate: string) => `
sampling: { rate: ${rate} }
export: [{ otlp: { url: "${receiver.url}" } }]
upstreams: { origin: { targets: [{ url: "${origin.url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  return { origin, rules }
}

/** The wish that the last request reached the upstream with. */
function lastWish(origin: { readonly last: () => Parameters<typeof wires.w3c.read>[0] }) {
  return wires.w3c.read(origin.last())?.wish
}

t.test('a changed file is in force within a second, and no request fails', async t => {
  const { origin, rules } = await world(t)
  const gateway = await run(t, rules('0%'))
  const watch = watchRules([gateway.file], () => void gateway.app.reload())
  t.teardown(watch.close)
  const traffic = startTraffic(t, gateway.url, connections)
  await until(() => traffic.served() > 200, 'all are busy')
  const times: number[] = []
  for (const [rate, wish] of [
    ['100%', 'keep'],
    ['0%', 'drop'],
    ['100%', 'keep']
  ] as const) {
    // The last that began under the rules before may arrive behind the first of the next.
    await until(() => lastWish(origin) !== wish, 'all are by the rules before')
    const start = performance.now()
    gateway.rewrite(rules(rate))
    await until(() => lastWish(origin) === wish, `${rate} is in force`)
    times.push(performance.now() - start)
  }
  // A machine that is busy with other things may be late, but not each time.
  t.ok(Math.min(...times) < 1000, `after ${times.join(', ')} ms`)
  const before = traffic.served()
  await until(() => traffic.served() > before + 200, 'all are busy still')
  await traffic.stop()
  t.strictSame(traffic.failed, [])
  t.equal(await metric(gateway.adminUrl, 'tracebridge_reloads_total', { outcome: 'applied' }), 3)
  t.ok(origin.connections() <= connections * 2, 'connections to the upstream were kept')
})

t.test('rules that are refused leave the old ones in force, and are counted', async t => {
  const { origin, rules } = await world(t)
  const gateway = await run(t, rules('0%'))
  const traffic = startTraffic(t, gateway.url, connections)
  await until(() => traffic.served() > 200, 'all are busy')
  for (const broken of [
    rules('130%'),
    'routes: [',
    rules('100%').replace('upstream: origin', 'upstream: gone')
  ]) {
    gateway.rewrite(broken)
    const answer = await fetch(`${gateway.adminUrl}/reload`, { method: 'POST' })
    t.equal(answer.status, 422)
    t.match(await answer.json(), {
      ok: false,
      complaints: [{ line: Number, column: Number, message: String }]
    })
  }
  const before = traffic.served()
  await until(() => traffic.served() > before + 200, 'all are busy still')
  t.equal(lastWish(origin), 'drop')
  t.equal(await metric(gateway.adminUrl, 'tracebridge_reloads_total', { outcome: 'refused' }), 3)
  t.match(gateway.log.join(''), 'new rules refused, the old ones stay')

  gateway.rewrite(rules('100%'))
  t.equal((await fetch(`${gateway.adminUrl}/reload`, { method: 'POST' })).status, 200)
  await until(() => lastWish(origin) === 'keep', 'what is mended is taken')
  await traffic.stop()
  t.strictSame(traffic.failed, [])
})

t.test('an upstream that the new rules do not name ends its answers in peace', async t => {
  const slow = await startOrigin(t, (_, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha')
    return undefined
  })
  const other = await startOrigin(t)
  const rules = (url: string) => `
upstreams: { origin: { targets: [{ url: "${url}" }] } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  const gateway = await run(t, rules(slow.url))
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({}))
  await until(() => client.text().endsWith('ha'), 'half of it is there')
  gateway.rewrite(rules(other.url))
  await gateway.app.reload()
  t.equal((await ask(t, gateway.port)).body.toString(), 'ok', 'new requests go to the new one')
  t.equal(slow.requests.length, 1)
  for (const socket of slow.open) socket.write('lf')
  t.equal((await client.answer()).body.toString(), 'half')
  await until(() => slow.open.size === 0, 'then its connection is closed')
})

t.test('a request keeps the rules that it began with', async t => {
  const origin = await startOrigin(t, () => undefined)
  const rules = (timeout: string) => `
upstreams: { origin: { targets: [{ url: "${origin.url}" }], timeouts: { first-byte: ${timeout} } } }
routes: [{ match: { path: /** }, upstream: origin }]
`
  const gateway = await run(t, rules('60s'))
  const client = await connectRaw(t, gateway.port)
  client.send(requestOf({}))
  await until(() => origin.requests.length === 1, 'it is under way')
  gateway.rewrite(rules('100ms'))
  await gateway.app.reload()
  t.equal(statusOf(await ask(t, gateway.port)), 504, 'new ones end by the new rules')
  t.equal(client.text(), '')
  for (const socket of origin.open) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t.equal(statusOf(await client.answer()), 200)
})

t.test('a running command takes new rules from a file, from POST /reload and from SIGHUP', async t => {
  const { origin, rules } = await world(t)
  const folder = mkdtempSync(join(tmpdir(), 'tracebridge-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'rules.yaml')
  const write = (rate: string) => writeFileSync(file, `${rules(rate)}access-log: { to: none }\n`)
  write('0%')
  const child = await startServing(t, ['--rules', file])
  const traffic = startTraffic(t, `http://127.0.0.1:${child.port}`, connections)
  await until(() => traffic.served() > 200, 'all are busy')
  t.equal(lastWish(origin), 'drop')

  // As editors save.
  writeFileSync(`${file}.new`, `${rules('100%')}access-log: { to: none }\n`)
  renameSync(`${file}.new`, file)
  await until(() => lastWish(origin) === 'keep', 'the file is noticed')

  write('0%')
  t.equal((await fetch(`${child.adminUrl}/reload`, { method: 'POST' })).status, 200)
  await until(() => lastWish(origin) === 'drop', 'POST /reload is obeyed')

  const applied = () => metric(child.adminUrl, 'tracebridge_reloads_total', { outcome: 'applied' })
  const count = await applied()
  child.process.kill('SIGHUP')
  await until(async () => (await applied()) > count, 'SIGHUP is obeyed')
  await traffic.stop()
  t.strictSame(traffic.failed, [])
})

t.test('what can only be had at the next start is named in the log, and the rest is in force', async t => {
  const { rules } = await world(t)
  const gateway = await run(t, rules('0%'))
  const limits = 'limits: { header: 1KiB, requests: 1, target: 100B }'
  gateway.rewrite(`listen: [{ address: 127.0.0.1:0, protocols: [http1], ${limits} }]\n${rules('0%')}`)
  await gateway.app.reload()
  const keys = ['listen[0].protocols']
  t.match(gateway.log.join(''), `take effect at the next start","keys":${JSON.stringify(keys)}`)
  t.equal(statusOf(await ask(t, gateway.port, { fields: [['X-Long', 'a'.repeat(2000)]] })), 431)
  t.equal(statusOf(await ask(t, gateway.port, { path: `/${'a'.repeat(200)}` })), 414)
})

t.test('new limits of headers and of requests hold by HTTP/2 too, sizes for whoever comes then', async t => {
  const { rules } = await world(t)
  const gateway = await run(t, rules('0%'))
  const before = await connectH2(t, gateway.url)
  const long = { fields: ['x-long', 'a'.repeat(2000)] }
  const many = { fields: Array.from({ length: 50 }, (_, at) => [`x-${at}`, '1']).flat() }
  for (const large of [long, many]) {
    const answer = askH2(before, large)
    t.equal(await answer.over, 'end')
    t.equal(answer.status(), 200)
  }
  const limits = 'limits: { header: 1KiB, fields: 20, requests: 3 }'
  gateway.rewrite(`listen: [{ address: 127.0.0.1:0, ${limits} }]\n${rules('0%')}`)
  await gateway.app.reload()
  t.notMatch(gateway.log.join(''), 'next start')
  const last = askH2(before, long)
  t.equal(await last.over, 'end')
  t.equal(last.status(), 200, 'whoever is here keeps the sizes')
  await until(() => before.closed, 'and has had three requests')
  for (const large of [long, many]) {
    const after = await connectH2(t, gateway.url)
    const refused = askH2(after, large)
    t.not(await refused.over, 'end')
    t.equal(refused.status(), 0)
  }
  const plain = askH2(await connectH2(t, gateway.url))
  t.equal(await plain.over, 'end')
  t.equal(plain.status(), 200)
})
